import { generateFriendlyId } from "@trigger.dev/core/v3/isomorphic";
import type pg from "pg";

/** A row of `runtime.waitpoints`. */
export interface WaitpointRow {
  id: string;
  sequence: string;
  type: "TOKEN" | "DURATION" | "INPUT_STREAM";
  status: "WAITING" | "COMPLETED" | "TIMED_OUT";
  output: string | null;
  output_type: string | null;
  tags: string[];
  idempotency_key: string | null;
  idempotency_expires_at: Date | null;
  due_at: Date | null;
  run_id: string | null;
  stream_key: string | null;
  stream_seq: number | null;
  created_at: Date;
  completed_at: Date | null;
}

export interface NewWaitpoint {
  type: WaitpointRow["type"];
  dueAt?: Date | undefined;
  tags?: string[] | undefined;
  idempotencyKey?: string | undefined;
  /** When the key may make another waitpoint. */
  idempotencyExpiresAt?: Date | undefined;
  /** The record of an input stream that completes it. */
  record?: { run: string; stream: string; seq: number } | undefined;
}

/** Creates a waitpoint, or finds the one of the same idempotency key. */
export async function createWaitpoint(
  pool: pg.Pool,
  waitpoint: NewWaitpoint,
): Promise<{ row: WaitpointRow; isCached: boolean }> {
  const id = generateFriendlyId("waitpoint");
  // A key that has expired is taken over by the new waitpoint; the old one stays, without a key.
  await pool.query(
    `update runtime.waitpoints set idempotency_key = null
     where idempotency_key = $1 and idempotency_expires_at <= now()`,
    [waitpoint.idempotencyKey ?? null],
  );
  const { rows } = await pool.query<WaitpointRow>(
    `insert into runtime.waitpoints
       (id, type, due_at, tags, idempotency_key, idempotency_expires_at, run_id, stream_key, stream_seq)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
     on conflict (idempotency_key) where idempotency_key is not null
       do update set idempotency_key = excluded.idempotency_key
     returning *`,
    [
      id,
      waitpoint.type,
      waitpoint.dueAt ?? null,
      waitpoint.tags ?? [],
      waitpoint.idempotencyKey ?? null,
      waitpoint.idempotencyExpiresAt ?? null,
      waitpoint.record?.run ?? null,
      waitpoint.record?.stream ?? null,
      waitpoint.record?.seq ?? null,
    ],
  );
  const row = rows[0] as WaitpointRow;
  return { row, isCached: row.id !== id };
}

export async function readWaitpoint(pool: pg.Pool, id: string): Promise<WaitpointRow | undefined> {
  const { rows } = await pool.query<WaitpointRow>("select * from runtime.waitpoints where id = $1", [id]);
  return rows[0];
}

/** Completes a waitpoint that still waits. A second completion changes nothing. */
export async function completeWaitpoint(
  pool: Pick<pg.ClientBase, "query">,
  id: string,
  output: { data: string | undefined; dataType: string | undefined },
): Promise<WaitpointRow | undefined> {
  const { rows } = await pool.query<WaitpointRow>(
    `update runtime.waitpoints set status = 'COMPLETED', output = $2, output_type = $3, completed_at = now()
     where id = $1 and status = 'WAITING' and (type <> 'TOKEN' or due_at is null or due_at > now())
     returning *`,
    // Text in Postgres holds no NUL.
    [id, output.data?.replaceAll("\0", "\ufffd") ?? null, output.dataType ?? null],
  );
  return rows[0];
}

const timedOut = JSON.stringify({ code: "TIMEOUT", message: "The waitpoint timed out." });

/** Ends the waitpoints whose time has come: a duration is over, everything else timed out. Returns those it ended. */
export async function endDueWaitpoints(pool: pg.Pool): Promise<WaitpointRow[]> {
  const { rows } = await pool.query<WaitpointRow>(
    `update runtime.waitpoints set
       status = case type when 'DURATION' then 'COMPLETED' else 'TIMED_OUT' end,
       output = case type when 'DURATION' then null else $1 end,
       output_type = case type when 'DURATION' then null else 'application/json' end,
       completed_at = now()
     where status = 'WAITING' and due_at <= now()
     returning *`,
    [timedOut],
  );
  return rows;
}
