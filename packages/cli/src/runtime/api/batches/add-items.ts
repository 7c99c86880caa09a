import type pg from "pg";
import { inTransaction } from "../../database/transaction.js";
import { insertMany, insertRun } from "../../runs/insert.js";
import type { InsertedRun, NewRun } from "../../runs/new-run.js";
import type { TriggerRequestOptions } from "../../runs/row.js";
import type { ApiContext } from "../context.js";
import { serialise } from "../runs.js";
import type { BatchRow } from "./store.js";

/** One run of a batch, as the SDK sends it. */
export interface BatchItem {
  index: number;
  task: string;
  payload?: unknown;
  options?: TriggerRequestOptions | undefined;
}

export interface AddedItems {
  accepted: number;
  /** Were there already: a stream that was cut off is sent again from its start. */
  deduplicated: number;
}

/** Accepts items, all of them or none, each at most once however often it is sent. */
export async function addItems(
  { pool, runs }: ApiContext,
  batch: BatchRow,
  items: BatchItem[],
): Promise<AddedItems> {
  const added = await inTransaction(pool, async (client) => {
    // Two streams of one batch take turns, so that neither misses what the other has just added.
    await client.query("select 1 from runtime.batches where id = $1 for update", [batch.id]);
    const known = await readIndexes(client, batch.id, items);
    const fresh = items.filter(({ index }) => !known.has(index));
    const inserted = await insertAll(
      client,
      fresh.map(({ index, task, payload, options }) => {
        const own = {
          ...options,
          parentRunId: batch.parent_id ?? undefined,
          resumeParentOnCompletion: batch.resume_parent,
        };
        return runs.prepare(task, serialise(payload, options?.payloadType), own, {
          batch: { id: batch.id, index },
        });
      }),
    );
    await client.query(
      `insert into runtime.batch_items (batch_id, index, run_id)
       select $1, * from unnest($2::int[], $3::text[])`,
      [batch.id, fresh.map(({ index }) => index), inserted.map(({ row }) => row.id)],
    );
    return inserted;
  });
  for (const { row, isCached } of added) if (!isCached) runs.announce(row);
  return { accepted: added.length, deduplicated: items.length - added.length };
}

/** In one statement, unless keys have to be looked up one after the other. */
async function insertAll(client: pg.PoolClient, runs: NewRun[]): Promise<InsertedRun[]> {
  if (runs.every(({ options }) => options.idempotencyKey === undefined && !options.debounce)) {
    return (await insertMany(client, runs)).map((row) => ({ row, isCached: false }));
  }
  const inserted: InsertedRun[] = [];
  for (const run of runs) inserted.push(await insertRun(client, run));
  return inserted;
}

async function readIndexes(client: pg.PoolClient, batch: string, items: BatchItem[]): Promise<Set<number>> {
  const { rows } = await client.query<{ index: number }>(
    "select index from runtime.batch_items where batch_id = $1 and index = any ($2)",
    [batch, items.map(({ index }) => index)],
  );
  return new Set(rows.map(({ index }) => index));
}

/** Closes a batch that has all its items. Returns how many it has. */
export async function sealBatch(pool: pg.Pool, batch: BatchRow): Promise<{ count: number; sealed: boolean }> {
  const { rows } = await pool.query<{ count: number }>(
    "select count(*)::int as count from runtime.batch_items where batch_id = $1",
    [batch.id],
  );
  const count = rows[0]?.count ?? 0;
  if (count < batch.run_count) return { count, sealed: false };
  await pool.query(
    "update runtime.batches set sealed_at = now(), updated_at = now() where id = $1 and sealed_at is null",
    [batch.id],
  );
  return { count, sealed: true };
}
