import { generateFriendlyId } from "@trigger.dev/core/v3/isomorphic";
import type pg from "pg";
import { type Cron, nextMoment } from "./cron.js";

/** A row of `runtime.schedules`. */
export interface ScheduleRow {
  id: string;
  type: "DECLARATIVE" | "IMPERATIVE";
  task: string;
  cron: string;
  timezone: string;
  time_window: string | null;
  external_id: string | null;
  deduplication_key: string;
  active: boolean;
  next_at: Date;
  last_at: Date | null;
}

export interface ScheduleInput {
  type: ScheduleRow["type"];
  task: string;
  cron: Cron;
  deduplicationKey: string;
  externalId?: string | undefined;
  window?: string | undefined;
}

/** Creates a schedule, or changes the one of the same key. One that fires as before keeps its next moment. */
export async function saveSchedule(pool: pg.Pool, input: ScheduleInput, now: number): Promise<ScheduleRow> {
  const { cron } = input;
  const { rows } = await pool.query<ScheduleRow>(
    `insert into runtime.schedules as s
       (id, type, task, cron, timezone, time_window, external_id, deduplication_key, next_at)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
     on conflict (deduplication_key) do update set
       task = excluded.task, cron = excluded.cron, timezone = excluded.timezone,
       time_window = excluded.time_window, external_id = excluded.external_id, updated_at = now(),
       next_at = case when s.cron = excluded.cron and s.timezone = excluded.timezone
         then s.next_at else excluded.next_at end
     returning *`,
    [
      generateFriendlyId("sched"),
      input.type,
      input.task,
      cron.expression,
      cron.timezone,
      input.window ?? null,
      input.externalId ?? null,
      input.deduplicationKey,
      nextMoment(cron, now),
    ],
  );
  return rows[0] as ScheduleRow;
}

export async function updateSchedule(
  pool: pg.Pool,
  id: string,
  input: Pick<ScheduleInput, "task" | "cron" | "externalId" | "window">,
  now: number,
): Promise<ScheduleRow | undefined> {
  const { rows } = await pool.query<ScheduleRow>(
    `update runtime.schedules set task = $2, cron = $3, timezone = $4, external_id = $5, time_window = $6,
       next_at = $7, updated_at = now()
     where id = $1 returning *`,
    [
      id,
      input.task,
      input.cron.expression,
      input.cron.timezone,
      input.externalId ?? null,
      input.window ?? null,
      nextMoment(input.cron, now),
    ],
  );
  return rows[0];
}

/** Switches a schedule on or off. Moments that passed while it was off are over. */
export async function activateSchedule(
  pool: pg.Pool,
  row: ScheduleRow,
  active: boolean,
  now: number,
): Promise<ScheduleRow> {
  const next = nextMoment({ expression: row.cron, timezone: row.timezone }, now);
  const { rows } = await pool.query<ScheduleRow>(
    "update runtime.schedules set active = $2, next_at = $3, updated_at = now() where id = $1 returning *",
    [row.id, active, next],
  );
  return rows[0] as ScheduleRow;
}

export async function readSchedule(pool: pg.Pool, id: string): Promise<ScheduleRow | undefined> {
  const { rows } = await pool.query<ScheduleRow>("select * from runtime.schedules where id = $1", [id]);
  return rows[0];
}

export async function deleteSchedule(pool: pg.Pool, id: string): Promise<void> {
  await pool.query("delete from runtime.schedules where id = $1", [id]);
}

export async function listSchedules(
  pool: pg.Pool,
  page: number,
  perPage: number,
): Promise<{ rows: ScheduleRow[]; count: number }> {
  const { rows } = await pool.query<ScheduleRow>(
    "select * from runtime.schedules order by sequence limit $1 offset $2",
    [perPage, (page - 1) * perPage],
  );
  const counted = await pool.query<{ count: number }>("select count(*)::int as count from runtime.schedules");
  return { rows, count: counted.rows[0]?.count ?? 0 };
}
