import type pg from "pg";
import { pruneAreas } from "../api/prune.js";

/** How often old runs are looked for, in milliseconds. */
const interval = 60_000;

/**
 * Deletes ended runs beyond the newest `keep`, and what hung on them alone. Spared are those that a live idempotency key names and children of a parent that goes on.
 * Returns how many were deleted.
 */
export async function pruneRuns(pool: pg.Pool, keep: number): Promise<number> {
  const { rows } = await pool.query<{ sequence: string; created_at: Date }>(
    "select sequence, created_at from runtime.runs where finished_at is not null order by sequence desc offset $1 limit 1",
    [keep],
  );
  const [last] = rows;
  if (!last) return 0;
  const { rowCount } = await pool.query(
    `delete from runtime.runs r where r.finished_at is not null and r.sequence <= $1
       and not exists (
         select 1 from runtime.idempotency_keys k where k.run_id = r.id and (k.expires_at is null or k.expires_at > now()))
       and not exists (select 1 from runtime.runs p where p.id = r.parent_id and p.finished_at is null)`,
    [last.sequence],
  );
  await pruneAreas(pool, last.created_at);
  return rowCount ?? 0;
}

/** Keeps the runtime's database from growing for ever: prunes at once, and then every minute. */
export function startRetention(pool: pg.Pool, keep: number): { stop(): Promise<void> } {
  let pruning: Promise<unknown> = Promise.resolve();
  const prune = () => {
    // Postgres is away or restarts: the next minute finds it, or not.
    pruning = pruneRuns(pool, keep).catch(() => {});
  };
  prune();
  const timer = setInterval(prune, interval);
  timer.unref();
  return {
    async stop() {
      clearInterval(timer);
      await pruning;
    },
  };
}
