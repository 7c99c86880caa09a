import type { TaskRunError } from "@trigger.dev/core/v3";
import type { RunStatus } from "../types.js";

/** A row of `runtime.runs`. */
export interface RunRow {
  id: string;
  sequence: string;
  task: string;
  status: RunStatus;
  queue: string;
  concurrency_key: string;
  ready_at: Date;
  owner: number | null;
  attempt_count: number;
  /** Executes in a process of its own, because it was in some that ended. */
  alone: boolean;
  max_attempts: number | null;
  max_duration: number | null;
  cancel_requested: boolean;
  payload: string | null;
  payload_type: string;
  output: string | null;
  output_type: string | null;
  error: TaskRunError | null;
  metadata: Record<string, unknown>;
  tags: string[];
  options: TriggerRequestOptions;
  idempotency_key: string | null;
  parent_id: string | null;
  root_id: string | null;
  depth: number;
  resume_parent: boolean;
  batch_id: string | null;
  batch_index: number | null;
  schedule_id: string | null;
  is_test: boolean;
  is_replay: boolean;
  ttl_seconds: number | null;
  expires_at: Date | null;
  delay_until: Date | null;
  duration_ms: number;
  created_at: Date;
  updated_at: Date;
  started_at: Date | null;
  finished_at: Date | null;
  expired_at: Date | null;
}

/** Triggers of one key become one run, for as long as they keep coming. */
export interface Debounce {
  key: string;
  /** A duration, such as `"5s"`. */
  delay: string;
  /** Whose data the run has: the first trigger's (the default) or the last's. */
  mode?: "leading" | "trailing" | undefined;
  /** Longest that triggers may put a run off, from the first on. */
  maxDelay?: string | undefined;
}

/** The SDK's options of a trigger request, as far as they are kept. */
export interface TriggerRequestOptions {
  payloadType?: string | undefined;
  tags?: string | string[] | undefined;
  delay?: string | Date | undefined;
  ttl?: string | number | undefined;
  queue?: { name: string } | undefined;
  concurrencyKey?: string | undefined;
  idempotencyKey?: string | undefined;
  idempotencyKeyTTL?: string | undefined;
  idempotencyKeyOptions?: { key: string; scope: string } | undefined;
  metadata?: unknown;
  metadataType?: string | undefined;
  maxAttempts?: number | undefined;
  maxDuration?: number | undefined;
  parentRunId?: string | undefined;
  resumeParentOnCompletion?: boolean | undefined;
  machine?: string | undefined;
  debounce?: Debounce | undefined;
  priority?: number | undefined;
  test?: boolean | undefined;
}

const ended: ReadonlySet<RunStatus> = new Set([
  "COMPLETED",
  "FAILED",
  "CANCELED",
  "CRASHED",
  "SYSTEM_FAILURE",
  "EXPIRED",
  "TIMED_OUT",
]);

/** Whether nothing will change the status any more. */
export function hasEnded(status: RunStatus): boolean {
  return ended.has(status);
}

/** Metadata of a trigger request; the SDK sends it as JSON text. */
export function readMetadata({ metadata }: TriggerRequestOptions): unknown {
  return typeof metadata === "string" ? JSON.parse(metadata) : (metadata ?? {});
}
