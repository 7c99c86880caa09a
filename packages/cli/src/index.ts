export {
  type DeployCheckOptions,
  type DoctorReport,
  deployFaults,
  faults as doctorFaults,
  runDeployCheck,
} from "./doctor/index.js";
export { cliErrorTable } from "./error-table.js";
export { UsageError, type UsageErrorCode } from "./errors.js";
export {
  causes as explainCauses,
  type ExplainRequest,
  type Explanation,
  runExplain,
} from "./explain/index.js";
export type { Endpoints } from "./project/environment.js";
export { openProject, type Project } from "./project/folder.js";
export { type StartedProject, type StartProjectOptions, startProject } from "./project/start.js";
export {
  type FileProblem,
  type LogLevel,
  type RunError,
  type RunRecord,
  type RunStatus,
  type Runtime,
  RuntimeError,
  type RuntimeErrorCode,
  type RuntimeEvent,
  type RuntimeOptions,
  startRuntime,
  type TaskInfo,
  type TriggerOptions,
} from "./runtime/index.js";
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
