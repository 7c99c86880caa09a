// What belongs here: the embedded Supabase of one machine. What doesn't: Trigger.dev (runtime/), what people type (commands/).
export { StackError, type StackErrorCode } from "./errors.js";
export { startStack } from "./start-stack.js";
export type {
  MigrationReport,
  RequestIdentity,
  RunRequest,
  S3Access,
  Stack,
  StackKeys,
  StackOptions,
  StackStep,
} from "./types.js";
