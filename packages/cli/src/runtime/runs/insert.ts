import { generateFriendlyId } from "@trigger.dev/core/v3/isomorphic";
import pg from "pg";
import { Batcher } from "../database/batcher.js";
import { toKeptJson } from "../database/json.js";
import { inTransaction } from "../database/transaction.js";
import { putOff } from "./debounce.js";
import type { InsertedRun, NewRun } from "./new-run.js";
import { type RunRow, readMetadata } from "./row.js";
import { readMoment, readSeconds } from "./times.js";

type Queryable = Pick<pg.ClientBase, "query">;

const batchers = new WeakMap<pg.Pool, Batcher<NewRun, RunRow>>();

/**
 * Accepts a run: its row and the job that wakes a worker come into being together, or neither does. Given a client, it is part of that
 * client's transaction.
 */
export async function insertRun(queryable: Queryable, run: NewRun): Promise<InsertedRun> {
  const { idempotencyKey, debounce } = run.options;
  if (!(queryable instanceof pg.Pool)) {
    return idempotencyKey === undefined
      ? insertOne(queryable, run)
      : insertOnce(queryable, run, idempotencyKey);
  }
  if (idempotencyKey !== undefined || debounce) {
    return inTransaction(queryable, (client) => insertRun(client, run));
  }
  let batcher = batchers.get(queryable);
  if (!batcher) {
    batcher = new Batcher((runs) => insertMany(queryable, runs));
    batchers.set(queryable, batcher);
  }
  // Its id is settled first: should the answer be lost with the connection, the same run is written again, not another.
  const id = run.id ?? generateFriendlyId("run");
  return { row: await batcher.add({ ...run, id }), isCached: false };
}

async function insertOnce(client: Queryable, run: NewRun, key: string): Promise<InsertedRun> {
  await client.query("select pg_advisory_xact_lock(hashtextextended($1, 0))", [`${run.task}:${key}`]);
  // As on the platform, a failed run doesn't keep its key: triggering again tries again.
  const { rows } = await client.query<RunRow>(
    `select r.* from runtime.idempotency_keys k join runtime.runs r on r.id = k.run_id
     where k.task = $1 and k.key = $2 and (k.expires_at is null or k.expires_at > now())
       and r.status not in ('FAILED', 'CRASHED', 'SYSTEM_FAILURE', 'EXPIRED', 'TIMED_OUT')`,
    [run.task, key],
  );
  if (rows[0]) return { row: rows[0], isCached: true };
  const inserted = await insertOne(client, run);
  const ttl = readSeconds(run.options.idempotencyKeyTTL) ?? 30 * 24 * 3600;
  await client.query(
    `insert into runtime.idempotency_keys (task, key, run_id, expires_at)
     values ($1, $2, $3, now() + make_interval(secs => $4))
     on conflict (task, key) do update set run_id = excluded.run_id, expires_at = excluded.expires_at`,
    [run.task, key, inserted.row.id, ttl],
  );
  return inserted;
}

async function insertOne(client: Queryable, run: NewRun): Promise<InsertedRun> {
  const { debounce } = run.options;
  const other = debounce && (await putOff(client, run, debounce));
  if (other) return { row: other, isCached: true };
  const delay = debounce?.delay ?? run.options.delay;
  const [row] = await insertMany(client, [{ ...run, options: { ...run.options, delay } }]);
  return { row: row as RunRow, isCached: false };
}

// One wake-up job for all that are ready at the same moment: it makes a worker look for every ready run.
const insertSql = `
  with given as (
    select * from json_to_recordset($1) as t (
      place int, id text, task text, queue text, concurrency_key text, priority float8, delay_until timestamptz,
      max_attempts int, max_duration float8, payload text, payload_type text, metadata jsonb, tags text[], options jsonb,
      idempotency_key text, parent_id text, resume_parent boolean, batch_id text, batch_index int, schedule_id text,
      is_test boolean, is_replay boolean, ttl_seconds float8
    )
  ),
  inserted as (
    insert into runtime.runs (
      id, task, status, queue, concurrency_key, rank, ready_at, delay_until, expires_at, max_attempts, max_duration,
      payload, payload_type, metadata, tags, options, idempotency_key, parent_id, root_id, depth, resume_parent,
      batch_id, batch_index, schedule_id, is_test, is_replay, ttl_seconds
    )
    select g.id, g.task, case when g.delay_until > now() then 'DELAYED' else 'QUEUED' end, g.queue, g.concurrency_key,
      coalesce(g.delay_until, now()) - make_interval(secs => g.priority), greatest(g.delay_until, now()),
      g.delay_until, greatest(g.delay_until, now()) + make_interval(secs => g.ttl_seconds),
      g.max_attempts, g.max_duration, g.payload, g.payload_type, g.metadata, g.tags, g.options, g.idempotency_key,
      g.parent_id, coalesce(p.root_id, p.id), coalesce(p.depth + 1, 0), g.resume_parent, g.batch_id, g.batch_index,
      g.schedule_id, g.is_test, g.is_replay, g.ttl_seconds
    from given g left join runtime.runs p on p.id = g.parent_id
    order by g.place
    on conflict (id) do nothing
    returning *
  ),
  woken as (
    select runtime.wake(min(id), at) from (
      select id, ready_at as at from inserted
      union all
      select id, expires_at from inserted where expires_at is not null
    ) moments
    group by at
  )
  select inserted.*, (select count(*) from woken) from inserted`;

/** Accepts runs in the order given, all or none. Idempotency keys and debouncing are not looked at. */
export async function insertMany(client: Queryable, runs: NewRun[]): Promise<RunRow[]> {
  const given = runs.map(toRecord);
  const { rows } = await client.query<RunRow>({
    name: "insert-runs",
    text: insertSql,
    values: [toKeptJson(given)],
  });
  const byId = new Map(rows.map((row) => [row.id, row]));
  const repeated = given.flatMap(({ id }) => (byId.has(id) ? [] : id));
  if (repeated.length > 0) {
    const known = await client.query<RunRow>("select * from runtime.runs where id = any ($1)", [repeated]);
    for (const row of known.rows) byId.set(row.id, row);
  }
  return given.map(({ id }) => byId.get(id) as RunRow);
}

function toRecord(run: NewRun, place: number) {
  const { options } = run;
  return {
    place,
    id: run.id ?? generateFriendlyId("run"),
    task: run.task,
    queue: run.queue,
    concurrency_key: options.concurrencyKey ?? "",
    priority: options.priority ?? 0,
    delay_until: readMoment(options.delay) ?? null,
    max_attempts: options.maxAttempts ?? null,
    max_duration: run.maxDuration ?? null,
    payload: run.payload ?? null,
    payload_type: options.payloadType ?? "application/json",
    metadata: readMetadata(options),
    tags: options.tags === undefined ? [] : [options.tags].flat(),
    options,
    idempotency_key: options.idempotencyKey ?? null,
    parent_id: options.parentRunId ?? null,
    resume_parent: options.resumeParentOnCompletion ?? false,
    batch_id: run.batch?.id ?? null,
    batch_index: run.batch?.index ?? null,
    schedule_id: run.scheduleId ?? null,
    is_test: options.test ?? false,
    is_replay: run.isReplay ?? false,
    ttl_seconds: readSeconds(run.ttl) ?? null,
  };
}
