import type pg from "pg";
import { toKeptJson } from "../database/json.js";
import type { RunRow } from "./row.js";

/** Processes that a run may lose. From the third on each was its own. */
const mostLosses = 5;

/**
 * Gives back runs whose process ended and it isn't known for which of them; the attempt stays counted. Where that happens twice to a run,
 * it executes alone from then on, so that the one that did it crashes at last and no other.
 */
export async function loseRuns(
  pool: pg.Pool,
  owner: number,
  runs: string[],
  reason: string,
): Promise<RunRow[]> {
  const error = {
    type: "INTERNAL_ERROR",
    code: "TASK_PROCESS_EXITED_WITH_NON_ZERO_CODE",
    message: `The process that executed this run ended ${mostLosses} times, at last with ${reason} while it executed nothing else. Does the task run out of memory, or crash native code?`,
  };
  const { rows } = await pool.query<RunRow>(
    `with lost as (
       select id,
         case when cancel_requested then 'CANCELED' when lost_count + 1 >= $3 then 'CRASHED' else 'QUEUED' end as becomes
       from runtime.runs where owner = $1 and id = any ($2) and status in ('EXECUTING', 'WAITING')
     ), written as (
       update runtime.runs r set status = becomes, lost_count = lost_count + 1, owner = null, ready_at = now(), updated_at = now(),
         finished_at = case when becomes <> 'QUEUED' then now() end,
         error = case when becomes = 'CRASHED' then $4 else error end
       from lost where r.id = lost.id and r.owner = $1
       returning r.*
     ), woken as (select runtime.wake(id) from written where status = 'QUEUED')
     select written.*, (select count(*) from woken) from written`,
    [owner, runs, mostLosses, toKeptJson(error)],
  );
  return rows;
}
