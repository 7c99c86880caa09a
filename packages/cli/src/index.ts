export {
  type MigrationReport,
  type Stack,
  StackError,
  type StackErrorCode,
  type StackKeys,
  type StackOptions,
  type StackStep,
  startStack,
} from "./stack/index.js";
