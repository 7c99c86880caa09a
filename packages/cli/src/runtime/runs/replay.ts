import type { InsertedRun } from "./new-run.js";
import type { RunRow } from "./row.js";
import type { RunService } from "./service.js";

/** Runs a run's task again with the same payload, or another, and what else it was triggered with; but now, and by nobody's key. */
export function replayRun(
  runs: RunService,
  row: RunRow,
  payload: { data: string | undefined; dataType: string } = {
    data: row.payload ?? undefined,
    dataType: row.payload_type,
  },
): Promise<InsertedRun> {
  const {
    idempotencyKey: _key,
    idempotencyKeyOptions: _keyOptions,
    delay: _delay,
    parentRunId: _parent,
    resumeParentOnCompletion: _resume,
    ...options
  } = row.options;
  return runs.accept(
    row.task,
    payload.data,
    { ...options, payloadType: payload.dataType, tags: row.tags, queue: { name: row.queue } },
    { isReplay: true },
  );
}
