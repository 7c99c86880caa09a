import type pg from "pg";

/** A row of `runtime.queues`, and what is in the queue. */
export interface QueueRow {
  name: string;
  concurrency_limit: number | null;
  override_limit: number | null;
  overridden_at: Date | null;
  paused: boolean;
  running: number;
  queued: number;
}

const select = `
  select q.*,
    (select count(*)::int from runtime.runs r where r.queue = q.name and r.status = 'EXECUTING') as running,
    (select count(*)::int from runtime.runs r where r.queue = q.name and r.status = 'QUEUED') as queued
  from runtime.queues q`;

export async function readQueue(pool: pg.Pool, name: string): Promise<QueueRow | undefined> {
  const { rows } = await pool.query<QueueRow>(`${select} where q.name = $1`, [name]);
  return rows[0];
}

export async function listQueues(
  pool: pg.Pool,
  page: number,
  perPage: number,
): Promise<{ rows: QueueRow[]; count: number }> {
  const { rows } = await pool.query<QueueRow>(`${select} order by q.name limit $1 offset $2`, [
    perPage,
    (page - 1) * perPage,
  ]);
  const counted = await pool.query<{ count: number }>("select count(*)::int as count from runtime.queues");
  return { rows, count: counted.rows[0]?.count ?? 0 };
}

/** Pauses, resumes or limits a queue, and wakes every server: runs that stood in it may go now. */
export async function changeQueue(
  pool: pg.Pool,
  name: string,
  change: { paused?: boolean; overrideLimit?: number | null },
): Promise<void> {
  await pool.query(
    `with changed as (
       update runtime.queues set
         paused = coalesce($2, paused),
         override_limit = case when $3 then $4 else override_limit end,
         overridden_at = case when $3 then case when $4::int is not null then now() end else overridden_at end
       where name = $1
       returning name
     )
     select runtime.wake('queue ' || name) from changed`,
    [name, change.paused ?? null, change.overrideLimit !== undefined, change.overrideLimit ?? null],
  );
}
