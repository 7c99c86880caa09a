import type pg from "pg";
import type { TaskManifest } from "../../worker/messages.js";
import { checkCron, nextMoment } from "./cron.js";
import { type ScheduleRow, saveSchedule } from "./store.js";

const keyOf = (task: string) => `declared:${task}`;

/** Makes the schedules that task files declare be those, and only those, of that kind. Returns what is wrong with any of them. */
export async function saveDeclared(
  pool: pg.Pool,
  tasks: Iterable<TaskManifest>,
  now: number,
): Promise<{ file: string; message: string }[]> {
  const problems: { file: string; message: string }[] = [];
  const kept: string[] = [];
  for (const { id, file, schedule } of tasks) {
    if (!schedule) continue;
    const cron = { expression: schedule.cron, timezone: schedule.timezone };
    try {
      checkCron(cron);
    } catch (error) {
      problems.push({
        file,
        message: `Task ${id}: ${error instanceof Error ? error.message : String(error)}`,
      });
      continue;
    }
    kept.push(keyOf(id));
    await saveSchedule(pool, { type: "DECLARATIVE", task: id, cron, deduplicationKey: keyOf(id) }, now);
  }
  await pool.query(
    "delete from runtime.schedules where type = 'DECLARATIVE' and not deduplication_key = any ($1)",
    [kept],
  );
  return problems;
}

/** A moment missed by more than this while nothing ran is over, as on the platform while `dev` isn't connected. */
const missedAfter = 60_000;

/** Moves schedules on whose moment passed while nothing ran. */
export async function skipMissed(pool: pg.Pool, now: number): Promise<void> {
  const { rows } = await pool.query<ScheduleRow>("select * from runtime.schedules where next_at < $1", [
    new Date(now - missedAfter),
  ]);
  for (const { id, cron, timezone, next_at } of rows) {
    await pool.query("update runtime.schedules set next_at = $2 where id = $1 and next_at = $3", [
      id,
      nextMoment({ expression: cron, timezone }, now),
      next_at,
    ]);
  }
}
