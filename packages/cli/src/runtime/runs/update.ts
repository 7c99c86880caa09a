import {
  applyMetadataOperations,
  type RunMetadataChangeOperation,
  type TaskRunError,
} from "@trigger.dev/core/v3";
import type pg from "pg";
import { Batcher } from "../database/batcher.js";
import { toKeptJson } from "../database/json.js";
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

interface Finish {
  key: AttemptKey;
  ending: Ending;
}

const batchers = new WeakMap<pg.Pool, Batcher<Finish, RunRow | undefined>>();

/** Ends a run. Undefined: the attempt isn't this server's any more. */
export function finishRun(pool: pg.Pool, key: AttemptKey, ending: Ending): Promise<RunRow | undefined> {
  let batcher = batchers.get(pool);
  if (!batcher) {
    batcher = new Batcher((finishes) => finishMany(pool, finishes));
    batchers.set(pool, batcher);
  }
  return batcher.add({ key, ending });
}

async function finishMany(pool: pg.Pool, finishes: Finish[]): Promise<(RunRow | undefined)[]> {
  const given = finishes.map(({ key, ending }) => ({
    id: key.run,
    attempt: key.attempt,
    owner: key.owner,
    status: ending.status,
    output: ending.output ?? null,
    output_type: ending.outputType ?? null,
    error: ending.error ?? null,
    duration: ending.durationMs,
  }));
  const { rows } = await pool.query<RunRow>({
    name: "finish-runs",
    text: `update runtime.runs r set status = g.status, output = g.output, output_type = g.output_type, error = g.error,
        owner = null, duration_ms = r.duration_ms + g.duration, finished_at = now(), updated_at = now()
      from json_to_recordset($1) as g (
        id text, attempt int, owner int, status text, output text, output_type text, error jsonb, duration float8
      )
      where r.id = g.id and r.attempt_count = g.attempt and r.owner = g.owner
        and r.status in ('EXECUTING', 'WAITING')
      returning r.*`,
    values: [toKeptJson(given)],
  });
  const byId = new Map(rows.map((row) => [row.id, row]));
  return finishes.map(({ key }) => byId.get(key.run));
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
    values: [key.run, key.attempt, key.owner, toKeptJson(retry.error), retry.durationMs, retry.delayMs],
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
      [id, toKeptJson(metadata)],
    );
    return updated.rows[0] as RunRow;
  });
}
