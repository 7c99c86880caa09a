import { generateFriendlyId } from "@trigger.dev/core/v3/isomorphic";
import pg from "pg";
import { inTransaction } from "../database/transaction.js";
import type { RunRow, TriggerRequestOptions } from "./row.js";
import { readMoment, readSeconds } from "./times.js";

/** A run to be accepted. */
export interface NewRun {
  task: string;
  payload: string | undefined;
  options: TriggerRequestOptions;
  queue: string;
  maxDuration: number | undefined;
  ttl: string | number | undefined;
  batch?: { id: string; index: number };
  scheduleId?: string;
  isReplay?: boolean;
}

export interface InsertedRun {
  row: RunRow;
  /** Another trigger with the same idempotency key made it. */
  isCached: boolean;
}

type Queryable = Pick<pg.ClientBase, "query">;

/**
 * Accepts a run: its row and the job that wakes a worker come into being together, or neither does. Given a client, it is part of that
 * client's transaction.
 */
export function insertRun(queryable: Queryable, run: NewRun): Promise<InsertedRun> {
  const { idempotencyKey } = run.options;
  if (idempotencyKey === undefined) return insert(queryable, run).then((row) => ({ row, isCached: false }));
  return queryable instanceof pg.Pool
    ? inTransaction(queryable, (client) => insertOnce(client, run, idempotencyKey))
    : insertOnce(queryable, run, idempotencyKey);
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
  const row = await insert(client, run);
  const ttl = readSeconds(run.options.idempotencyKeyTTL) ?? 30 * 24 * 3600;
  await client.query(
    `insert into runtime.idempotency_keys (task, key, run_id, expires_at)
     values ($1, $2, $3, now() + make_interval(secs => $4))
     on conflict (task, key) do update set run_id = excluded.run_id, expires_at = excluded.expires_at`,
    [run.task, key, row.id, ttl],
  );
  return { row, isCached: false };
}

const insertSql = `
  with parent as (
    select id, coalesce(root_id, id) as root_id, depth + 1 as depth from runtime.runs where id = $12
  ),
  inserted as (
    insert into runtime.runs (
      id, task, status, queue, concurrency_key, rank, ready_at, max_attempts, max_duration, payload, payload_type,
      metadata, tags, options, idempotency_key, parent_id, root_id, depth, resume_parent, batch_id, batch_index,
      schedule_id, is_test, is_replay, ttl_seconds, expires_at, delay_until
    )
    select $1, $2, case when $6::timestamptz > now() then 'DELAYED' else 'QUEUED' end, $3, $4,
      coalesce($6::timestamptz, now()) - make_interval(secs => $5), greatest($6::timestamptz, now()), $7, $8, $9, $10,
      $11, $13, $14, $15, $12, parent.root_id, coalesce(parent.depth, 0), $16, $17, $18,
      $19, $20, $21, $22, greatest($6::timestamptz, now()) + make_interval(secs => $22), $6
    from (values (1)) one left join parent on true
    returning *
  ),
  woken as (
    select runtime.wake(id, ready_at), case when expires_at is not null then runtime.wake(id, expires_at) end
    from inserted
  )
  select inserted.*, (select count(*) from woken) from inserted`;

async function insert(client: Queryable, run: NewRun): Promise<RunRow> {
  const { options } = run;
  const { rows } = await client.query<RunRow>({
    name: "insert-run",
    text: insertSql,
    values: [
      generateFriendlyId("run"),
      run.task,
      run.queue,
      options.concurrencyKey ?? "",
      options.priority ?? 0,
      readMoment(options.delay) ?? null,
      options.maxAttempts ?? null,
      run.maxDuration ?? null,
      run.payload ?? null,
      options.payloadType ?? "application/json",
      JSON.stringify(readMetadata(options)),
      options.parentRunId ?? null,
      options.tags === undefined ? [] : [options.tags].flat(),
      JSON.stringify(options),
      options.idempotencyKey ?? null,
      options.resumeParentOnCompletion ?? false,
      run.batch?.id ?? null,
      run.batch?.index ?? null,
      run.scheduleId ?? null,
      options.test ?? false,
      run.isReplay ?? false,
      readSeconds(run.ttl) ?? null,
    ],
  });
  return rows[0] as RunRow;
}

/** The SDK sends metadata as JSON text. */
function readMetadata({ metadata }: TriggerRequestOptions): unknown {
  return typeof metadata === "string" ? JSON.parse(metadata) : (metadata ?? {});
}
