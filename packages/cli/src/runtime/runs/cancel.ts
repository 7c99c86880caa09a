import type pg from "pg";
import type { RunRow } from "./row.js";

/**
 * Cancels a run and, as on the platform, the runs it triggered. Runs that nothing executes end at once; the others are only marked:
 * whoever executes them has to stop them. Returns the rows it changed.
 */
export async function cancelRun(pool: pg.Pool, id: string): Promise<RunRow[]> {
  const { rows } = await pool.query<RunRow>(
    `with recursive family as (
       select id from runtime.runs where id = $1
       union
       select r.id from runtime.runs r join family f on r.parent_id = f.id
     )
     update runtime.runs r set
       cancel_requested = true,
       finished_at = case when owner is null then now() end,
       status = case when owner is null then 'CANCELED' else status end,
       updated_at = now()
     from family f
     where r.id = f.id and status in ('PENDING_VERSION', 'DELAYED', 'QUEUED', 'EXECUTING', 'WAITING')
     returning r.*`,
    [id],
  );
  return rows;
}
