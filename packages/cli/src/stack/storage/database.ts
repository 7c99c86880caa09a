import { Pool, type PoolClient } from "pg";
import type { Caller } from "./caller.js";
import { failureOf, failures } from "./failure.js";

/** One connection inside a transaction. */
export type Database = Pick<PoolClient, "query">;

/** What policies can see of the request besides its claims. */
export interface RequestScope {
  caller: Caller;
  /** What `storage.operation()` says, such as `storage.object.upload`. */
  operation: string;
  method: string;
  path: string;
  headers: Record<string, string>;
}

/** Runs statements on the tables of Storage: as the owner, whom no policy holds back, or under a caller's rights. */
export class StorageDatabase {
  readonly #pool: Pool;

  constructor(databaseUrl: string) {
    this.#pool = new Pool({
      connectionString: databaseUrl,
      max: 16,
      idleTimeoutMillis: 30_000,
      allowExitOnIdle: true,
    });
    // Connections end when Postgres does, idle or not; without listeners that would end the process.
    this.#pool.on("error", () => {});
    this.#pool.on("connect", (client) => client.on("error", () => {}));
  }

  asOwner<T>(work: (database: Database) => Promise<T>): Promise<T> {
    return this.#transaction("commit", work);
  }

  asCaller<T>(scope: RequestScope, work: (database: Database) => Promise<T>): Promise<T> {
    return this.#transaction("commit", async (database) => {
      await enterScope(database, scope);
      return work(database);
    });
  }

  /** Tries what `work` does under the caller's rights, and takes it back: whether the policies allow it is all that counts. */
  async tryAsCaller(scope: RequestScope, work: (database: Database) => Promise<unknown>): Promise<void> {
    await this.#transaction("rollback", async (database) => {
      await enterScope(database, scope);
      await work(database);
    });
  }

  close(): Promise<void> {
    return this.#pool.end();
  }

  async #transaction<T>(end: "commit" | "rollback", work: (database: Database) => Promise<T>): Promise<T> {
    const client = await this.#pool.connect();
    let broken: Error | undefined;
    try {
      await client.query("begin");
      const result = await work(client);
      await client.query(end);
      return result;
    } catch (error) {
      await client.query("rollback").catch((cause: Error) => {
        broken = cause;
      });
      throw failureOf(error);
    } finally {
      client.release(broken);
    }
  }
}

// All local to the transaction: a pooled connection keeps nobody's identity. A token's role counts only if PostgREST would take it on too:
// this connection itself belongs to the tables' owner, whom no policy holds back.
const scopeStatement = `select
  set_config('request.jwt.claims', $2, true), set_config('request.jwt.claim.sub', $3, true),
  set_config('request.jwt.claim.role', $1, true), set_config('request.headers', $4, true),
  set_config('request.method', $5, true), set_config('request.path', $6, true),
  set_config('storage.operation', $7, true), set_config('storage.allow_delete_query', 'true', true),
  case when pg_has_role('authenticator', $1, 'set') then set_config('role', $1, true) end as role`;

async function enterScope(database: Database, scope: RequestScope): Promise<void> {
  const { caller, headers, method, path, operation } = scope;
  const { rows } = await database.query<{ role: string | null }>(scopeStatement, [
    caller.role,
    JSON.stringify(caller.claims),
    caller.owner ?? "",
    JSON.stringify(headers),
    method,
    path,
    operation,
  ]);
  if (!rows[0]?.role) throw failures.accessDenied(`permission denied to set role "${caller.role}"`);
}
