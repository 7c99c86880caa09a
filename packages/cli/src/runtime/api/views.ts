import { readError, readPacket } from "../runs/result.js";
import { hasEnded, type RunRow } from "../runs/row.js";
import type { ApiContext } from "./context.js";
import { presign } from "./packets/presign.js";

/** The address of a payload or output that is kept as a packet. */
export function presignPacket(context: ApiContext): (name: string) => string {
  return (name) => presign(context, "GET", name);
}

const iso = (date: Date | null) => date?.toISOString();

/** The fields of a run that every answer about it has. */
export function viewRun(row: RunRow) {
  const { status, options } = row;
  return {
    id: row.id,
    status,
    taskIdentifier: row.task,
    idempotencyKey: options.idempotencyKeyOptions?.key ?? row.idempotency_key ?? undefined,
    version: "local",
    isQueued: ["QUEUED", "DELAYED", "PENDING_VERSION"].includes(status),
    isExecuting: status === "EXECUTING",
    isWaiting: status === "WAITING",
    isCompleted: hasEnded(status),
    isSuccess: status === "COMPLETED",
    isFailed: hasEnded(status) && status !== "COMPLETED" && status !== "CANCELED",
    isCancelled: status === "CANCELED",
    isTest: row.is_test,
    createdAt: iso(row.created_at),
    updatedAt: iso(row.updated_at),
    startedAt: iso(row.started_at),
    finishedAt: iso(row.finished_at),
    delayedUntil: iso(row.delay_until),
    expiredAt: iso(row.expired_at),
    ttl: options.ttl === undefined ? undefined : String(options.ttl),
    tags: row.tags,
    costInCents: 0,
    baseCostInCents: 0,
    durationMs: row.duration_ms,
    attemptCount: row.attempt_count,
    metadata: row.metadata,
  };
}

/** A run as its parent, root or child is shown. */
export function viewRelated(row: RunRow) {
  const verb = row.batch_id === null ? "trigger" : "batchTrigger";
  return {
    ...viewRun(row),
    depth: row.depth,
    triggerFunction: row.resume_parent ? `${verb}AndWait` : verb,
    batchId: row.batch_id ?? undefined,
  };
}

/** A run as `runs.retrieve` gives it. */
export async function viewFull(
  row: RunRow,
  family: { root: RunRow | undefined; parent: RunRow | undefined; children: RunRow[] },
  presign: (name: string) => string,
) {
  return {
    ...viewRelated(row),
    ...(await viewPacket("payload", row.payload, row.payload_type, presign)),
    ...(await viewPacket("output", row.output, row.output_type, presign)),
    error: readError(row),
    relatedRuns: {
      root: family.root && viewRelated(family.root),
      parent: family.parent && viewRelated(family.parent),
      children: family.children.map(viewRelated),
    },
  };
}

async function viewPacket(
  name: "payload" | "output",
  data: string | null,
  dataType: string | null,
  presign: (name: string) => string,
) {
  if (data === null) return {};
  if (dataType === "application/store") return { [`${name}PresignedUrl`]: presign(data) };
  return { [name]: await toJson(data, dataType) };
}

/** Data as plain JSON. What JSON can't say stands in it as superjson writes it: a BigInt as text, a Map and a Set as lists. */
async function toJson(data: string, dataType: string | null): Promise<unknown> {
  const value = await readPacket(data, dataType);
  try {
    const text = JSON.stringify(value, (_, one: unknown) => {
      if (typeof one === "bigint") return String(one);
      return one instanceof Map || one instanceof Set ? [...one] : one;
    });
    return text === undefined ? undefined : JSON.parse(text);
  } catch {
    // A cycle: superjson's own text has none.
    return (JSON.parse(data) as { json: unknown }).json;
  }
}
