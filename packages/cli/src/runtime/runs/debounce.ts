import type pg from "pg";
import { toKeptJson } from "../database/json.js";
import type { NewRun } from "./new-run.js";
import { type Debounce, type RunRow, readMetadata } from "./row.js";
import { readMoment, readSeconds } from "./times.js";

/**
 * Puts off the delayed run of the same key, within the client's transaction. Undefined: there is none that may be put off, so the
 * trigger makes one of its own.
 */
export async function putOff(
  client: Pick<pg.ClientBase, "query">,
  run: NewRun,
  { key, delay, mode, maxDelay }: Debounce,
): Promise<RunRow | undefined> {
  // Two triggers at the same time take turns, so that the second finds the first's run.
  await client.query("select pg_advisory_xact_lock(hashtextextended($1, 2))", [`${run.task}:${key}`]);
  const { options } = run;
  const { rows } = await client.query<RunRow>(
    `with found as (
       select id from runtime.runs
       where task = $1 and options->'debounce'->>'key' = $2 and status = 'DELAYED'
         and ($4::float8 is null or created_at + make_interval(secs => $4) >= $3)
       order by sequence desc limit 1 for update
     ), moved as (
       update runtime.runs r set
         delay_until = $3, ready_at = $3, rank = $3::timestamptz - (delay_until - rank),
         expires_at = $3::timestamptz + make_interval(secs => ttl_seconds), updated_at = now(),
         payload = case when $5 then $6 else payload end,
         payload_type = case when $5 then $7 else payload_type end,
         metadata = case when $5 then $8 else metadata end,
         tags = case when $5 then $9 else tags end,
         options = case when $5 then $10 else options end,
         max_attempts = case when $5 then $11 else max_attempts end,
         max_duration = case when $5 then $12 else max_duration end
       from found where r.id = found.id returning r.*
     ), woken as (
       select runtime.wake(id, ready_at), case when expires_at is not null then runtime.wake(id, expires_at) end
       from moved
     )
     select moved.*, (select count(*) from woken) from moved`,
    [
      run.task,
      key,
      readMoment(delay),
      readSeconds(maxDelay) ?? null,
      mode === "trailing",
      run.payload ?? null,
      options.payloadType ?? "application/json",
      toKeptJson(readMetadata(options)),
      options.tags === undefined ? [] : [options.tags].flat(),
      toKeptJson(options),
      options.maxAttempts ?? null,
      run.maxDuration ?? null,
    ],
  );
  return rows[0];
}
