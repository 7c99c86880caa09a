import type { RunStatus } from "../runtime/index.js";

/** What a run's status can be, for those who filter by it. */
export const runStatuses = [
  "PENDING_VERSION",
  "DELAYED",
  "QUEUED",
  "EXECUTING",
  "WAITING",
  "COMPLETED",
  "FAILED",
  "CANCELED",
  "CRASHED",
  "SYSTEM_FAILURE",
  "EXPIRED",
  "TIMED_OUT",
] as const satisfies RunStatus[];
