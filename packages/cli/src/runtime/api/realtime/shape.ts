import type { RunRow } from "../../runs/row.js";
import type { RunStatus } from "../../types.js";

/** A run with the column only subscriptions read. */
export type StreamedRun = RunRow & { realtime_streams: string[] };

/** The platform's own names of statuses, which the SDK translates back. */
const rawStatus: Record<RunStatus, string> = {
  PENDING_VERSION: "PENDING_VERSION",
  DELAYED: "DELAYED",
  QUEUED: "PENDING",
  EXECUTING: "EXECUTING",
  WAITING: "WAITING_TO_RESUME",
  COMPLETED: "COMPLETED_SUCCESSFULLY",
  FAILED: "COMPLETED_WITH_ERRORS",
  CANCELED: "CANCELED",
  CRASHED: "CRASHED",
  SYSTEM_FAILURE: "SYSTEM_FAILURE",
  EXPIRED: "EXPIRED",
  TIMED_OUT: "TIMED_OUT",
};

type Value = string | null;

/** Columns and their Postgres types, as Electric tells its client how to read the values, which are all text. */
export const columns = {
  id: { type: "text" },
  friendlyId: { type: "text" },
  taskIdentifier: { type: "text" },
  status: { type: "text" },
  createdAt: { type: "timestamp" },
  updatedAt: { type: "timestamp" },
  startedAt: { type: "timestamp" },
  delayUntil: { type: "timestamp" },
  queuedAt: { type: "timestamp" },
  expiredAt: { type: "timestamp" },
  completedAt: { type: "timestamp" },
  idempotencyKey: { type: "text" },
  number: { type: "int4" },
  isTest: { type: "bool" },
  usageDurationMs: { type: "int4" },
  costInCents: { type: "float8" },
  baseCostInCents: { type: "float8" },
  ttl: { type: "text" },
  payload: { type: "text" },
  payloadType: { type: "text" },
  metadata: { type: "text" },
  metadataType: { type: "text" },
  output: { type: "text" },
  outputType: { type: "text" },
  runTags: { type: "text", dims: 1 },
  error: { type: "jsonb" },
  realtimeStreams: { type: "text", dims: 1 },
} as const;

export type Column = keyof typeof columns;

/** A run as a row of the platform's table, without the columns nobody wants. */
export function toShape(row: StreamedRun, skip: ReadonlySet<string>): Partial<Record<Column, Value>> {
  const shape: Record<Column, Value> = {
    id: row.id,
    friendlyId: row.id,
    taskIdentifier: row.task,
    status: rawStatus[row.status],
    createdAt: timestamp(row.created_at),
    updatedAt: timestamp(row.updated_at),
    startedAt: timestamp(row.started_at),
    delayUntil: timestamp(row.delay_until),
    queuedAt: timestamp(row.status === "DELAYED" ? null : row.ready_at),
    expiredAt: timestamp(row.expired_at),
    completedAt: timestamp(row.finished_at),
    idempotencyKey: row.options.idempotencyKeyOptions?.key ?? row.idempotency_key,
    number: "0",
    isTest: String(row.is_test),
    usageDurationMs: String(Math.round(row.duration_ms)),
    costInCents: "0",
    baseCostInCents: "0",
    ttl: row.options.ttl === undefined ? null : String(row.options.ttl),
    payload: row.payload,
    payloadType: row.payload_type,
    metadata: JSON.stringify(row.metadata),
    metadataType: "application/json",
    output: row.output,
    outputType: row.output_type,
    runTags: textArray(row.tags),
    error: row.error ? JSON.stringify(row.error) : null,
    realtimeStreams: textArray(row.realtime_streams),
  };
  const wanted = Object.entries(shape).filter(([name]) => required.has(name) || !skip.has(name));
  return Object.fromEntries(wanted);
}

/** The SDK can't do without these, whatever is asked to be skipped. */
const required = new Set(["id", "friendlyId", "taskIdentifier", "status", "createdAt", "updatedAt"]);

/** Without a time zone: the SDK adds the Z itself. */
const timestamp = (date: Date | null) => date?.toISOString().slice(0, -1) ?? null;

/** A Postgres array literal. */
function textArray(values: string[]): string {
  return `{${values.map((value) => `"${value.replace(/["\\]/g, "\\$&")}"`).join(",")}}`;
}
