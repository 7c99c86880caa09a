import {
  applyMetadataOperations,
  type RunMetadataChangeOperation,
  type TaskRunError,
} from "@trigger.dev/core/v3";
import type pg from "pg";
import { inTransaction } from "../database/transaction.js";
import type { RunStatus } from "../types.js";
import type { MetadataChanges } from "../worker/messages.js";
import type { RunRow } from "./row.js";

type Queryable = Pick<pg.ClientBase, "query">;

/** Names an attempt and who makes it: what a server that lost a run meanwhile says about it changes nothing. */
export interface AttemptKey {
  run: string;
  attempt: number;
  owner: number;
}

const mine = "id = $1 and attempt_count = $2 and owner = $3 and status in ('EXECUTING', 'WAITING')";

export interface Ending {
  status: RunStatus;
  output?: string | undefined;
  outputType?: string | undefined;
  error?: TaskRunError | undefined;
  durationMs: number;
}

/** Ends a run. Undefined: the attempt isn't this server's any more. */
export async function finishRun(
  pool: Queryable,
  key: AttemptKey,
  ending: Ending,
): Promise<RunRow | undefined> {
  const { rows } = await pool.query<RunRow>({
    name: "finish-run",
    text: `update runtime.runs set status = $4, output = $5, output_type = $6, error = $7, owner = null,
        duration_ms = duration_ms + $8, finished_at = now(), updated_at = now()
      where ${mine} returning *`,
    values: [
      key.run,
      key.attempt,
      key.owner,
      ending.status,
      ending.output ?? null,
      ending.outputType ?? null,
      ending.error ? JSON.stringify(ending.error) : null,
      ending.durationMs,
    ],
  });
  return rows[0];
}

/** Puts a run back into its queue, to be executed again after a delay. */
export async function retryRun(
  pool: Queryable,
  key: AttemptKey,
  retry: { delayMs: number; error: TaskRunError; durationMs: number },
): Promise<RunRow | undefined> {
  const { rows } = await pool.query<RunRow>({
    name: "retry-run",
    text: `with retried as (
        update runtime.runs set status = 'QUEUED', error = $4, owner = null, duration_ms = duration_ms + $5,
          ready_at = now() + make_interval(secs => $6::float8 / 1000), updated_at = now()
        where ${mine} returning *
      ), woken as (select runtime.wake(id, ready_at) from retried)
      select retried.*, (select count(*) from woken) from retried`,
    values: [key.run, key.attempt, key.owner, JSON.stringify(retry.error), retry.durationMs, retry.delayMs],
  });
  return rows[0];
}

/** Says that a run waits, which frees its slot, or goes on. */
export async function markWaiting(
  pool: Queryable,
  key: AttemptKey,
  waiting: boolean,
): Promise<RunRow | undefined> {
  const { rows } = await pool.query<RunRow>({
    name: "mark-waiting",
    text: `update runtime.runs set status = $4, updated_at = now() where ${mine} returning *`,
    values: [key.run, key.attempt, key.owner, waiting ? "WAITING" : "EXECUTING"],
  });
  return rows[0];
}

/** Gives runs back whose execution ended with a process; the attempt stays counted. Those to be cancelled end here. */
export async function requeueRuns(pool: Queryable, owner: number, runs?: string[]): Promise<RunRow[]> {
  const { rows } = await pool.query<RunRow>(
    `with requeued as (
       update runtime.runs set
         status = case when cancel_requested then 'CANCELED' else 'QUEUED' end,
         finished_at = case when cancel_requested then now() end,
         owner = null, ready_at = now(), updated_at = now()
       where owner = $1 and status in ('EXECUTING', 'WAITING') and ($2::text[] is null or id = any ($2))
       returning *
     ), woken as (select runtime.wake(id) from requeued where status = 'QUEUED')
     select requeued.*, (select count(*) from woken) from requeued`,
    [owner, runs ?? null],
  );
  return rows;
}

/** Applies changes of metadata to a run, its parent and its root. Returns the run's own metadata afterwards. */
export async function changeMetadata(
  pool: pg.Pool,
  run: RunRow,
  changes: MetadataChanges,
): Promise<{ metadata: Record<string, unknown>; changed: RunRow[] }> {
  const changed: RunRow[] = [];
  const sides = [
    [run.id, changes.operations],
    [run.parent_id ?? run.id, changes.parentOperations],
    [run.root_id ?? run.id, changes.rootOperations],
  ] as const;
  if (changes.metadata && !changes.operations?.length) {
    changed.push(await writeMetadata(pool, run.id, () => changes.metadata ?? {}));
  }
  for (const [id, operations] of sides) {
    if (!operations?.length) continue;
    changed.push(
      await writeMetadata(pool, id, (metadata) => {
        const known = metadata as Parameters<typeof applyMetadataOperations>[0];
        return applyMetadataOperations(known, operations as RunMetadataChangeOperation[]).newMetadata;
      }),
    );
  }
  const own = changed.findLast((row) => row.id === run.id);
  return { metadata: own?.metadata ?? run.metadata, changed };
}

async function writeMetadata(
  pool: pg.Pool,
  id: string,
  change: (metadata: Record<string, unknown>) => Record<string, unknown>,
): Promise<RunRow> {
  return inTransaction(pool, async (client) => {
    const { rows } = await client.query<RunRow>(
      "select metadata from runtime.runs where id = $1 for update",
      [id],
    );
    const metadata = change(rows[0]?.metadata ?? {});
    const updated = await client.query<RunRow>(
      "update runtime.runs set metadata = $2, updated_at = now() where id = $1 returning *",
      [id, JSON.stringify(metadata)],
    );
    return updated.rows[0] as RunRow;
  });
}
