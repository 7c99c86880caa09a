// What belongs here: a local Trigger.dev — its API, its queue, the processes that execute tasks. What doesn't: Supabase (stack/), what people type (commands/).
export { RuntimeError, type RuntimeErrorCode } from "./errors.js";
export { startRuntime } from "./start-runtime.js";
export type {
  FileProblem,
  LogLevel,
  RunError,
  RunRecord,
  RunStatus,
  Runtime,
  RuntimeEvent,
  RuntimeOptions,
  TaskInfo,
  TriggerOptions,
} from "./types.js";
