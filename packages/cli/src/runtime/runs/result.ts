import { createJsonErrorObject, parsePacket, type TaskRunExecutionResult } from "@trigger.dev/core/v3";
import type { RunError, RunRecord } from "../types.js";
import { hasEnded, type RunRow } from "./row.js";

/** What an ended run gives a parent that waits for it. */
export function toExecutionResult(row: RunRow): TaskRunExecutionResult {
  const common = { id: row.id, taskIdentifier: row.task };
  if (row.status === "COMPLETED") {
    return {
      ...common,
      ok: true,
      ...(row.output === null ? {} : { output: row.output }),
      outputType: row.output_type ?? "application/json",
    };
  }
  return {
    ...common,
    ok: false,
    error: row.error ?? {
      type: "STRING_ERROR",
      raw: row.status === "CANCELED" ? "Canceled by user" : `The run is ${row.status}.`,
    },
  };
}

/** A failed run's error as the SDK and people read it; undefined while it may still be retried. */
export function readError(row: RunRow): RunError | undefined {
  if (!row.error || !hasEnded(row.status)) return undefined;
  const { error } = row;
  if (error.type === "INTERNAL_ERROR" && error.message) {
    return {
      name: error.code,
      message: error.message,
      ...(error.stackTrace ? { stackTrace: error.stackTrace } : {}),
    };
  }
  const { name, message, stackTrace } = createJsonErrorObject(error);
  return { message, ...(name === undefined ? {} : { name }), ...(stackTrace ? { stackTrace } : {}) };
}

export async function toRunRecord(row: RunRow): Promise<RunRecord> {
  return {
    id: row.id,
    task: row.task,
    status: row.status,
    attempts: row.attempt_count,
    payload: await readPacket(row.payload, row.payload_type),
    output: await readPacket(row.output, row.output_type),
    error: readError(row),
    tags: row.tags,
    metadata: row.metadata,
    createdAt: row.created_at,
    startedAt: row.started_at ?? undefined,
    finishedAt: row.finished_at ?? undefined,
  };
}

/** A parsed payload or output; what is stored elsewhere stays the name it is stored under. */
export async function readPacket(data: string | null, dataType: string | null): Promise<unknown> {
  if (data === null || dataType === "application/store") return data ?? undefined;
  return parsePacket({ data, dataType: dataType ?? "application/json" });
}
