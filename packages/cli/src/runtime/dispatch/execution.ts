import type { TaskRunExecution } from "@trigger.dev/core/v3";
import type { RunRow } from "../runs/row.js";
import { machines } from "./machines.js";

/** What the executor gets to know about an attempt; `ctx` of task code is made of it. */
export function toExecution(row: RunRow, file: string, version: string): TaskRunExecution {
  const { options } = row;
  const preset = machines[options.machine as keyof typeof machines] ?? machines["small-1x"];
  return {
    task: { id: row.task, filePath: file },
    attempt: { number: row.attempt_count, startedAt: new Date() },
    run: {
      id: row.id,
      payload: row.payload ?? "",
      payloadType: row.payload_type,
      tags: row.tags,
      isTest: row.is_test,
      isReplay: row.is_replay,
      createdAt: row.created_at,
      startedAt: row.started_at ?? new Date(),
      metadata: row.metadata as NonNullable<TaskRunExecution["run"]["metadata"]>,
      durationMs: row.duration_ms,
      costInCents: 0,
      baseCostInCents: 0,
      version,
      ...optional("idempotencyKey", options.idempotencyKeyOptions?.key ?? row.idempotency_key),
      ...optional("idempotencyKeyScope", options.idempotencyKeyOptions?.scope as "run" | undefined),
      ...optional("maxAttempts", row.max_attempts),
      ...optional("maxDuration", row.max_duration),
      ...optional("priority", options.priority),
      ...optional("parentTaskRunId", row.parent_id),
      ...optional("rootTaskRunId", row.root_id),
    },
    queue: { id: `queue_${row.queue}`, name: row.queue },
    machine: preset,
    environment: { id: "env_local", slug: "dev", type: "DEVELOPMENT" },
    organization: { id: "org_local", slug: "local", name: "Local" },
    project: { id: "proj_local", ref: "proj_local", slug: "local", name: "Local" },
    ...(row.batch_id === null ? {} : { batch: { id: row.batch_id } }),
  };
}

function optional<K extends string, V>(name: K, value: V | null | undefined): { [key in K]?: V } {
  return value === null || value === undefined ? {} : ({ [name]: value } as { [key in K]: V });
}
