import type pg from "pg";
import type { RunRow } from "./row.js";

/** Most tags a run may have, as on the platform. */
export const mostTags = 10;

/** Adds tags to a run. Undefined: it would have too many. */
export async function addTags(pool: pg.Pool, id: string, tags: string[]): Promise<RunRow | undefined> {
  const { rows } = await pool.query<RunRow>(
    `update runtime.runs r set tags = merged.tags, updated_at = now()
     from (
       select array_agg(tag order by first) as tags from (
         select tag, min(place) as first
         from unnest((select tags from runtime.runs where id = $1) || $2::text[]) with ordinality as t (tag, place)
         group by tag
       ) distinct_tags
     ) merged
     where r.id = $1 and cardinality(merged.tags) <= $3
     returning r.*`,
    [id, tags, mostTags],
  );
  return rows[0];
}

/** Moves a delayed run to another moment. Undefined: it isn't delayed any more. */
export async function rescheduleRun(pool: pg.Pool, id: string, at: Date): Promise<RunRow | undefined> {
  const { rows } = await pool.query<RunRow>(
    `with moved as (
       update runtime.runs set delay_until = $2, ready_at = $2, rank = $2::timestamptz - (delay_until - rank),
         expires_at = $2::timestamptz + make_interval(secs => ttl_seconds), updated_at = now()
       where id = $1 and status = 'DELAYED' returning *
     ), woken as (
       select runtime.wake(id, ready_at), case when expires_at is not null then runtime.wake(id, expires_at) end
       from moved
     )
     select moved.*, (select count(*) from woken) from moved`,
    [id, at],
  );
  return rows[0];
}

/** Lets a run that waits for its next attempt have it. Undefined: it doesn't wait for one. */
export async function retryNow(pool: pg.Pool, id: string): Promise<RunRow | undefined> {
  const { rows } = await pool.query<RunRow>(
    `with moved as (
       update runtime.runs set ready_at = now(), updated_at = now()
       where id = $1 and status = 'QUEUED' and attempt_count > 0 returning *
     ), woken as (select runtime.wake(id, ready_at) from moved)
     select moved.*, (select count(*) from woken) from moved`,
    [id],
  );
  return rows[0];
}
