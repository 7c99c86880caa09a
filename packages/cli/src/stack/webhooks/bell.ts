import { Client } from "pg";

/** 'net.' as a number: the locks are those of `sql/stack/009_webhooks_wake.sql`. */
const lockClass = 1852142638;

/** Wakes who delivers when something is queued, and is muted while they look by themselves: ringing is dear for who queues. */
export class Bell {
  readonly #databaseUrl: string;
  #client: Client | undefined;
  #isMuted = false;

  constructor(databaseUrl: string) {
    this.#databaseUrl = databaseUrl;
  }

  /** Listens on a new connection, and on no other. `onLost` is told when that one ends by itself. */
  async listen(onRing: () => void, onLost: () => void): Promise<void> {
    await this.close();
    const client = new Client({ connectionString: this.#databaseUrl });
    this.#client = client;
    client.on("error", () => {});
    client.on("end", () => {
      if (this.#client === client) onLost();
    });
    await client.connect();
    client.on("notification", onRing);
    await client.query("listen net_http_request");
  }

  /** Where somebody is about to ring just now it stays as it is, until the next time. */
  async mute(): Promise<void> {
    if (this.#isMuted) return;
    // A session's locks are counted, so this comes before the answer.
    this.#isMuted = true;
    const { rows } = await this.#open().query<{ muted: boolean }>(
      "select pg_try_advisory_lock($1, 1) as muted",
      [lockClass],
    );
    if (!rows[0]?.muted) this.#isMuted = false;
  }

  async unmute(): Promise<void> {
    if (!this.#isMuted) return;
    this.#isMuted = false;
    await this.#open().query("select pg_advisory_unlock($1, 1)", [lockClass]);
  }

  /** Whether a transaction that has queued something is still open; it may have found the bell muted. */
  async isAwaited(): Promise<boolean> {
    const { rowCount } = await this.#open().query(
      `select from pg_locks where locktype = 'advisory' and classid = $1 and objid = 2
         and database = (select oid from pg_database where datname = current_database()) limit 1`,
      [lockClass],
    );
    return rowCount !== 0;
  }

  async close(): Promise<void> {
    const client = this.#client;
    this.#client = undefined;
    // Its locks go with it.
    this.#isMuted = false;
    await client?.end().catch(() => {});
  }

  #open(): Client {
    if (!this.#client) throw new Error("the connection was closed");
    return this.#client;
  }
}
