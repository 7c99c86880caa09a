import {
  calculateNextRetryDelay,
  sanitizeError,
  shouldLookupRetrySettings,
  type TaskRunError,
  type TaskRunExecutionResult,
} from "@trigger.dev/core/v3";
import type { RunRow } from "../runs/row.js";
import type { Ending } from "../runs/update.js";
import type { ProjectConfig, StopReason, TaskManifest } from "../worker/messages.js";

/** What follows from an attempt. */
export type Decision =
  | { kind: "end"; ending: Omit<Ending, "durationMs"> }
  | { kind: "retry"; delayMs: number; error: TaskRunError };

/** Decides by the rules of the platform: the executor's own answer first, then the retry settings, then the kind of error. */
export function decide(
  row: RunRow,
  result: TaskRunExecutionResult,
  stopped: StopReason | undefined,
  task: TaskManifest | undefined,
  config: ProjectConfig,
): Decision {
  if (stopped === "cancelled") return { kind: "end", ending: { status: "CANCELED" } };
  if (result.ok) {
    const { output, outputType } = result;
    return { kind: "end", ending: { status: "COMPLETED", output, outputType } };
  }
  if (stopped === "maxDuration") return { kind: "end", ending: timedOut(row) };
  const error = keepOwnFrames(sanitizeError(result.error));
  const policy = task?.retry ?? config.retries?.default;
  const most = row.max_attempts ?? policy?.maxAttempts;
  // What a catchError hook asks for gives a run no attempt more than it has.
  const isLast = most !== undefined && row.attempt_count >= most;
  const delayMs = isLast ? undefined : (result.retry?.delay ?? lookUpDelay(row, result, policy, config));
  if (delayMs !== undefined) return { kind: "retry", delayMs, error };
  return { kind: "end", ending: { status: statusOf(error), error } };
}

const foreign =
  /node_modules[\\/](@trigger\.dev|@opentelemetry)[\\/]|[\\/]runtime[\\/]worker[\\/]|node:internal|processTicksAndRejections/;

/** An error's stack without the frames of what executes the task, as the platform shows it. */
function keepOwnFrames(error: TaskRunError): TaskRunError {
  if (!("stackTrace" in error) || typeof error.stackTrace !== "string") return error;
  const lines = error.stackTrace.split("\n").filter((line) => !/^\s+at /.test(line) || !foreign.test(line));
  return { ...error, stackTrace: lines.join("\n") };
}

function lookUpDelay(
  row: RunRow,
  result: TaskRunExecutionResult & { ok: false },
  policy: TaskManifest["retry"],
  config: ProjectConfig,
): number | undefined {
  if (result.skippedRetrying || !shouldLookupRetrySettings(result.error)) return undefined;
  if (config.retries?.enabledInDev === false) return undefined;
  if (!policy && row.max_attempts === null) return undefined;
  const own = row.max_attempts === null ? {} : { maxAttempts: row.max_attempts };
  return calculateNextRetryDelay({ ...policy, ...own } as never, row.attempt_count);
}

function statusOf(error: TaskRunError): Ending["status"] {
  if (error.type !== "INTERNAL_ERROR") return "FAILED";
  switch (error.code) {
    case "TASK_PROCESS_EXITED_WITH_NON_ZERO_CODE":
    case "TASK_RUN_UNCAUGHT_EXCEPTION":
      return "CRASHED";
    case "COULD_NOT_FIND_TASK":
    case "TASK_EXECUTION_FAILED":
      return "SYSTEM_FAILURE";
    default:
      return "FAILED";
  }
}

export function timedOut(row: RunRow): Omit<Ending, "durationMs"> {
  return {
    status: "TIMED_OUT",
    error: {
      type: "INTERNAL_ERROR",
      code: "MAX_DURATION_EXCEEDED",
      message: `Run exceeded maximum compute time (maxDuration) of ${row.max_duration} seconds`,
    },
  };
}
