import pg from "pg";
import { inTransaction } from "../database/transaction.js";
import type { RunRow } from "../runs/row.js";
import { requeueRuns } from "../runs/update.js";

/** First half of the advisory locks that say which servers live; any constant nobody else uses in this database. */
const lockClass = 0x6265_6861;

/**
 * This server's number in the database. A session-level advisory lock on it says that the server lives: Postgres drops the lock the
 * moment the process dies, however it dies.
 */
export class ServerIdentity {
  readonly id: number;
  readonly #url: string;
  #client: pg.Client | undefined;
  #closed = false;

  private constructor(id: number, url: string) {
    this.id = id;
    this.#url = url;
  }

  static async open(pool: pg.Pool, url: string): Promise<ServerIdentity> {
    const { rows } = await pool.query<{ id: number }>(
      "insert into runtime.servers default values returning id",
    );
    const identity = new ServerIdentity((rows[0] as { id: number }).id, url);
    await identity.hold();
    return identity;
  }

  /** Takes the lock again after the connection was lost; meanwhile others may have taken this server's runs over. */
  async hold(): Promise<void> {
    if (this.#client || this.#closed) return;
    const client = new pg.Client({ connectionString: this.#url, application_name: "behalf-runtime-life" });
    const lost = () => {
      if (this.#client === client) this.#client = undefined;
    };
    client.on("error", lost);
    client.on("end", lost);
    await client.connect();
    await client.query("select pg_advisory_lock($1, $2)", [lockClass, this.id]);
    this.#client = client;
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#client?.end();
  }
}

/** Gives the runs of dead servers back to their queues. */
export async function recoverDeadServers(pool: pg.Pool, self: number): Promise<RunRow[]> {
  const { rows } = await pool.query<{ owner: number }>(
    "select distinct owner from runtime.runs where status in ('EXECUTING', 'WAITING') and owner <> $1",
    [self],
  );
  const recovered: RunRow[] = [];
  for (const { owner } of rows) recovered.push(...(await recoverIfDead(pool, owner)));
  return recovered;
}

function recoverIfDead(pool: pg.Pool, owner: number): Promise<RunRow[]> {
  return inTransaction(pool, async (client) => {
    const { rows } = await client.query<{ dead: boolean }>(
      "select pg_try_advisory_xact_lock($1, $2) as dead",
      [lockClass, owner],
    );
    return rows[0]?.dead ? requeueRuns(client, owner) : [];
  });
}
