import type pg from "pg";
import { settleQueued } from "../runs/queues.js";
import type { RunRow } from "../runs/row.js";
import { requeueRuns } from "../runs/update.js";
import type { Changes } from "./changes.js";
import type { Engine } from "./engine.js";
import { recoverDeadServers, type ServerIdentity } from "./server-identity.js";

export interface Sweep {
  stop(): Promise<void>;
}

/**
 * Looks once a second for what no message tells: servers that died, runs past their ttl, runs that another server ended or was asked
 * to stop. Everything in here is also safe when done by several servers at once.
 */
export function startSweep(options: {
  pool: pg.Pool;
  identity: ServerIdentity;
  engine: Engine;
  changes: Changes;
  /** Ids of the tasks there are. */
  tasks(): string[];
  interval: number;
}): Sweep {
  let stopped = false;
  let timer: NodeJS.Timeout | undefined;
  let sweeping: Promise<void> = Promise.resolve();
  const next = () => {
    timer = setTimeout(() => {
      sweeping = sweepOnce(options)
        // Postgres is away or restarts: the next sweep finds it, or not.
        .catch(() => {})
        .then(() => {
          if (!stopped) next();
        });
    }, options.interval);
  };
  next();
  return {
    async stop() {
      stopped = true;
      clearTimeout(timer);
      await sweeping;
    },
  };
}

async function sweepOnce({
  pool,
  identity,
  engine,
  changes,
  tasks,
}: Parameters<typeof startSweep>[0]): Promise<void> {
  await identity.hold();
  for (const row of await recoverDeadServers(pool, identity.id)) changes.announce(row);
  for (const row of await expireRuns(pool)) engine.announceEnded(row);
  for (const row of await settleQueued(pool, tasks())) changes.announce(row);
  await stopRequested(pool, identity.id, engine);
  await announceAwaited(pool, changes);
  await engine.dispatch();
  await requeueForgotten(pool, identity.id, engine);
}

/** Ends runs whose ttl passed before they began. */
export async function expireRuns(pool: pg.Pool): Promise<RunRow[]> {
  const { rows } = await pool.query<RunRow>(
    `update runtime.runs set status = 'EXPIRED', expired_at = now(), finished_at = now(), updated_at = now(),
       error = json_build_object('type', 'STRING_ERROR', 'raw', 'Run expired because the TTL (' || (options->>'ttl') || ') was reached')
     where status in ('DELAYED', 'QUEUED', 'PENDING_VERSION') and attempt_count = 0 and expires_at <= now()
     returning *`,
  );
  return rows;
}

async function stopRequested(pool: pg.Pool, owner: number, engine: Engine): Promise<void> {
  const { rows } = await pool.query<{ id: string }>(
    "select id from runtime.runs where owner = $1 and cancel_requested and status in ('EXECUTING', 'WAITING')",
    [owner],
  );
  for (const { id } of rows) engine.stop(id, "cancelled");
}

async function announceAwaited(pool: pg.Pool, changes: Changes): Promise<void> {
  const { awaited } = changes;
  if (awaited.length === 0) return;
  const { rows } = await pool.query<RunRow>(
    "select * from runtime.runs where id = any ($1) and finished_at is not null",
    [awaited],
  );
  for (const row of rows) changes.announce(row);
}

/** A claim whose answer was lost with its connection leaves runs that are this server's and that it doesn't know. */
async function requeueForgotten(pool: pg.Pool, owner: number, engine: Engine): Promise<void> {
  const { rows } = await pool.query<{ id: string }>(
    "select id from runtime.runs where owner = $1 and status in ('EXECUTING', 'WAITING') and not id = any ($2)",
    [owner, engine.activeRuns],
  );
  const forgotten = await engine.forgotten(rows.map((row) => row.id));
  if (forgotten.length > 0) await requeueRuns(pool, owner, forgotten);
}
