import { generateFriendlyId } from "@trigger.dev/core/v3/isomorphic";
import type pg from "pg";
import type { RunRow } from "../../runs/row.js";

/** A row of `runtime.batches`. */
export interface BatchRow {
  id: string;
  run_count: number;
  parent_id: string | null;
  resume_parent: boolean;
  idempotency_key: string | null;
  token_hash: string | null;
  sealed_at: Date | null;
  created_at: Date;
  updated_at: Date;
}

export interface NewBatch {
  /** The same for a request that is sent again. */
  id?: string | undefined;
  runCount: number;
  parentRunId?: string | undefined;
  resumeParentOnCompletion?: boolean | undefined;
  idempotencyKey?: string | undefined;
  tokenHash?: string | undefined;
}

/** Creates a batch without items, or finds the one of the same idempotency key. */
export async function createBatch(
  pool: pg.Pool,
  batch: NewBatch,
): Promise<{ row: BatchRow; isCached: boolean }> {
  const id = batch.id ?? generateFriendlyId("batch");
  const { rows } = await pool.query<BatchRow>(
    `insert into runtime.batches (id, run_count, parent_id, resume_parent, idempotency_key, token_hash)
     values ($1, $2, $3, $4, $5, $6)
     on conflict do nothing returning *`,
    [
      id,
      batch.runCount,
      batch.parentRunId ?? null,
      batch.resumeParentOnCompletion ?? false,
      batch.idempotencyKey ?? null,
      batch.tokenHash ?? null,
    ],
  );
  if (rows[0]) return { row: rows[0], isCached: false };
  const existing = await pool.query<BatchRow>(
    "select * from runtime.batches where id = $1 or idempotency_key = $2",
    [id, batch.idempotencyKey ?? null],
  );
  const row = existing.rows[0] as BatchRow;
  // One that was cut off before its items were all there is filled by the same request again.
  return { row, isCached: row.sealed_at !== null };
}

export async function readBatch(pool: pg.Pool, id: string): Promise<BatchRow | undefined> {
  const { rows } = await pool.query<BatchRow>("select * from runtime.batches where id = $1", [id]);
  return rows[0];
}

/** The runs of a batch, in the order of its items. */
export async function readBatchRuns(pool: pg.Pool, id: string): Promise<RunRow[]> {
  const { rows } = await pool.query<RunRow>(
    `select r.* from runtime.batch_items i join runtime.runs r on r.id = i.run_id
     where i.batch_id = $1 order by i.index`,
    [id],
  );
  return rows;
}
