import type { TaskRunExecution, TaskRunExecutionResult, TaskWait } from "@trigger.dev/core/v3";
import type { FileProblem, LogLevel } from "../types.js";

/** A task file and what it was built to. */
export interface TaskFile {
  /** Path relative to the project. */
  file: string;
  /** Absolute path of the built module. */
  output: string;
}

/** What the project's `trigger.config.ts` says, as far as it concerns the main process. */
export interface ProjectConfig {
  dirs: string[] | undefined;
  ignorePatterns: string[];
  maxDuration: number | undefined;
  ttl: string | number | undefined;
  retries: { enabledInDev?: boolean; default?: RetryPolicy } | undefined;
}

export interface RetryPolicy {
  maxAttempts?: number;
  factor?: number;
  minTimeoutInMs?: number;
  maxTimeoutInMs?: number;
  randomize?: boolean;
}

/** A task as its file declares it. */
export interface TaskManifest {
  id: string;
  file: string;
  description: string | undefined;
  retry: RetryPolicy | undefined;
  queue: { name: string | undefined; concurrencyLimit: number | undefined } | undefined;
  maxDuration: number | undefined;
  ttl: string | number | undefined;
  schedule: { cron: string; timezone: string } | undefined;
  /** `schedule` for those made with `schedules.task()`. */
  triggerSource: string | undefined;
  payloadSchema: unknown;
}

export interface QueueManifest {
  name: string;
  concurrencyLimit: number | undefined;
}

/** Operations on metadata that the run hasn't sent yet: its own, its parent's, its root's. */
export interface MetadataChanges {
  metadata?: Record<string, unknown> | undefined;
  operations?: unknown[] | undefined;
  parentOperations?: unknown[] | undefined;
  rootOperations?: unknown[] | undefined;
}

/** A span that ended. */
export interface EndedSpan {
  name: string;
  spanId: string;
  parentSpanId: string | null;
  startedAt: Date;
  durationMs: number;
  /** Flat: names with dots, plain values or lists of them. */
  attributes: Record<string, unknown>;
  error: string | null;
}

export type StopReason = "cancelled" | "maxDuration";

/** What a run can wait for outside its process. */
export type WaitTarget =
  | { kind: "run"; id: string }
  | { kind: "batch"; id: string; runCount: number }
  | { kind: "waitpoint"; id: string; until: Date | undefined };

export type WaitResult =
  | { kind: "run"; result: TaskRunExecutionResult }
  | { kind: "batch"; results: TaskRunExecutionResult[] }
  | { kind: "waitpoint"; ok: boolean; output: string | undefined; outputType: string | undefined };

export type ToWorker =
  | { type: "configure"; projectFolder: string; configFile: string | undefined }
  | { type: "load"; version: string; files: TaskFile[] }
  | { type: "execute"; execution: TaskRunExecution }
  | { type: "stop"; run: string; attempt: number; reason: StopReason; grace: number }
  | { type: "resume"; wait: number; result: WaitResult };

export type FromWorker =
  | { type: "configured"; config: ProjectConfig; problem: FileProblem | undefined }
  /** The file whose import begins: to blame should the process not survive it. */
  | { type: "loading"; file: string }
  | { type: "loaded"; tasks: TaskManifest[]; queues: QueueManifest[]; problems: FileProblem[] }
  | {
      type: "result";
      run: string;
      attempt: number;
      durationMs: number;
      result: TaskRunExecutionResult;
      metadata: MetadataChanges | undefined;
      /** Those that weren't sent yet. */
      spans: EndedSpan[];
    }
  | { type: "spans"; run: string; attempt: number; spans: EndedSpan[] }
  /** The run was asked to stop and this process is alive to hear it. */
  | { type: "stopping"; run: string; attempt: number }
  /** The run's code went on after its grace; it can do no more harm here, but this process should take no other run. */
  | { type: "abandoned"; run: string; attempt: number }
  | { type: "wait"; run: string; attempt: number; wait: number; target: WaitTarget }
  | {
      type: "log";
      run: string | undefined;
      task: string | undefined;
      level: LogLevel;
      message: string;
      properties: unknown;
    };

export type { TaskRunExecution, TaskRunExecutionResult, TaskWait };
