import { type AuditEntry, readAudit } from "behalf/audit";
import pg from "pg";
import type { ConsoleUsers } from "./contract.js";

const mostUsers = 100;
const mostEntries = 1000;

/** What the console reads of the project's own database, as its owner. */
export class ProjectDatabase {
  readonly #pool: pg.Pool;

  constructor(databaseUrl: string) {
    this.#pool = new pg.Pool({ connectionString: databaseUrl, max: 2, idleTimeoutMillis: 10_000 });
    // Connections end when Postgres does, idle or not; without listeners that would end the process.
    this.#pool.on("error", () => {});
    this.#pool.on("connect", (client) => client.on("error", () => {}));
  }

  async emailsOf(users: string[]): Promise<Map<string, string>> {
    if (users.length === 0) return new Map();
    const { rows } = await this.#pool.query<{ id: string; email: string }>(
      "select id::text, email from auth.users where id::text = any ($1) and email is not null",
      [users],
    );
    return new Map(rows.map(({ id, email }) => [id, email]));
  }

  async findUsers(search: string): Promise<ConsoleUsers> {
    const { rows } = await this.#pool.query<ConsoleUsers["users"][number]>(
      `select id::text, email, coalesce(is_anonymous, false) as "isAnonymous", created_at as "createdAt",
         last_sign_in_at as "lastSignInAt"
       from auth.users
       where deleted_at is null and ($1 = '' or position(lower($1) in lower(coalesce(email, ''))) > 0 or id::text like lower($1) || '%')
       order by email nulls last, id limit $2`,
      [search.replaceAll(/[\\%_]/g, "\\$&"), mostUsers + 1],
    );
    return { users: rows.slice(0, mostUsers), more: rows.length > mostUsers };
  }

  /** What a run changed, in order. Undefined: the project keeps no audit trail. */
  async auditOf(run: string): Promise<AuditEntry[] | undefined> {
    const { rows } = await this.#pool.query<{ there: boolean }>(
      "select to_regclass('behalf.audit_log') is not null as there",
    );
    if (!rows[0]?.there) return undefined;
    return readAudit(this.#pool, { run, limit: mostEntries, first: "oldest" });
  }

  /** Tables that a task without a scope can't use. */
  async strictTables(): Promise<string[]> {
    const { rows } = await this.#pool.query<{ there: boolean }>(
      "select to_regprocedure('behalf.strictly_narrowed()') is not null as there",
    );
    if (!rows[0]?.there) return [];
    const { rows: tables } = await this.#pool.query<{ name: string }>(
      "select name from unnest(behalf.strictly_narrowed()) as name order by name",
    );
    return tables.map(({ name }) => name);
  }

  async close(): Promise<void> {
    await this.#pool.end();
  }
}
