export { triggerTasks } from "./tasks.js";
export type {
  ServiceParams,
  ServiceSchemaTaskOptions,
  ServiceSettings,
  ServiceTaskOptions,
  TriggerTasks,
  UserParams,
  UserSchemaTaskOptions,
  UserSettings,
  UserTaskOptions,
} from "./types.js";
