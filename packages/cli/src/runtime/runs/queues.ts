import type pg from "pg";
import type { TaskManifest } from "../worker/messages.js";
import type { Loaded } from "../workers/task-worker.js";
import type { RunRow } from "./row.js";

/** The queue a run of a task goes to unless its trigger says otherwise. */
export function queueOf(task: TaskManifest): string {
  return task.queue?.name ?? `task/${task.id}`;
}

/** Writes down the queues that the loaded files declare. What was paused or overridden by hand stays so. */
export async function saveQueues(pool: pg.Pool, loaded: Loaded): Promise<void> {
  const limits = new Map<string, number | null>();
  for (const task of loaded.tasks) limits.set(queueOf(task), task.queue?.concurrencyLimit ?? null);
  for (const queue of loaded.queues) limits.set(queue.name, queue.concurrencyLimit ?? null);
  await pool.query(
    `insert into runtime.queues (name, concurrency_limit)
     select * from unnest($1::text[], $2::int[])
     on conflict (name) do update set concurrency_limit = excluded.concurrency_limit
     where queues.concurrency_limit is distinct from excluded.concurrency_limit`,
    [[...limits.keys()], [...limits.values()]],
  );
}

/**
 * Delayed runs whose moment has come are queued. Runs of tasks that aren't there (a file with an error, perhaps) wait as
 * PENDING_VERSION, and are queued once the task is there again. Returns the rows it changed.
 */
export async function settleQueued(pool: pg.Pool, tasks: string[]): Promise<RunRow[]> {
  const { rows } = await pool.query<RunRow>(
    `with changed as (
       update runtime.runs
       set status = case when task = any ($1) then 'QUEUED' else 'PENDING_VERSION' end, updated_at = now()
       where (status = 'DELAYED' and ready_at <= now())
         or (status = 'QUEUED' and not task = any ($1))
         or (status = 'PENDING_VERSION' and task = any ($1))
       returning *
     ), woken as (select runtime.wake(id, ready_at) from changed where status = 'QUEUED')
     select changed.*, (select count(*) from woken) from changed`,
    [tasks],
  );
  return rows;
}
