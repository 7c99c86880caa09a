import { readdir, readFile } from "node:fs/promises";
import { runMigrations } from "graphile-worker";
import pg from "pg";
import { messageOf, RuntimeError } from "../errors.js";
import { onceReady } from "./retry.js";

const databaseName = "behalf_runtime";
const sqlFolder = new URL("../../../sql/runtime/", import.meta.url);

/** The runtime's own database, migrated. */
export interface RuntimeDatabase {
  url: string;
  pool: pg.Pool;
  close(): Promise<void>;
}

/**
 * Opens `behalf_runtime`, creating and migrating it when needed. Safe when several servers start at once.
 *
 * @throws {RuntimeError} `ERR_RUNTIME_DATABASE` where the cluster can't be reached or the migration fails.
 */
export async function openDatabase(adminDatabaseUrl: string): Promise<RuntimeDatabase> {
  const url = new URL(adminDatabaseUrl);
  url.pathname = `/${databaseName}`;
  try {
    await onceReady(() => createDatabase(adminDatabaseUrl));
    const pool = new pg.Pool({ connectionString: url.href, max: 16, application_name: "behalf-runtime" });
    // A connection that Postgres ends while idle is replaced on next use; unhandled, it would end this process.
    pool.on("error", () => {});
    pool.on("connect", (client) => client.on("error", () => {}));
    await runMigrations({ connectionString: url.href });
    await migrate(pool);
    return { url: url.href, pool, close: () => pool.end() };
  } catch (cause) {
    throw new RuntimeError(
      "ERR_RUNTIME_DATABASE",
      `The runtime's database ${databaseName} can't be opened: ${messageOf(cause)}. Check that Postgres runs and adminDatabaseUrl names a superuser.`,
      { cause },
    );
  }
}

async function createDatabase(adminDatabaseUrl: string): Promise<void> {
  const client = new pg.Client({ connectionString: adminDatabaseUrl });
  await client.connect();
  try {
    const { rowCount } = await client.query("select from pg_database where datname = $1", [databaseName]);
    if (rowCount === 0) await client.query(`create database ${databaseName} template template0`);
  } catch (error) {
    const code = (error as { code?: string }).code;
    // Another server was faster.
    if (code !== "42P04" && code !== "23505") throw error;
  } finally {
    await client.end();
  }
  await forbidOthers(adminDatabaseUrl);
}

/** Every role may connect to a new database by default; task code has a role and no business here. */
async function forbidOthers(adminDatabaseUrl: string): Promise<void> {
  const client = new pg.Client({ connectionString: adminDatabaseUrl });
  await client.connect();
  try {
    await client.query(`revoke all on database ${databaseName} from public`);
  } catch (error) {
    // "tuple concurrently updated": another server does the same right now.
    if ((error as { code?: string }).code !== "XX000") throw error;
  } finally {
    await client.end();
  }
}

async function migrate(pool: pg.Pool): Promise<void> {
  const files = (await readdir(sqlFolder)).filter((name) => name.endsWith(".sql")).sort();
  const client = await pool.connect();
  try {
    await client.query("begin");
    await client.query("select pg_advisory_xact_lock(hashtext('behalf_runtime migrations'))");
    await client.query("create schema if not exists runtime");
    await client.query(
      "create table if not exists runtime.migrations (name text primary key, applied_at timestamptz not null default now())",
    );
    const { rows } = await client.query<{ name: string }>("select name from runtime.migrations");
    const applied = new Set(rows.map((row) => row.name));
    for (const name of files) {
      if (applied.has(name)) continue;
      await client.query(await readFile(new URL(name, sqlFolder), "utf8"));
      await client.query("insert into runtime.migrations (name) values ($1)", [name]);
    }
    await client.query("commit");
  } catch (error) {
    await client.query("rollback");
    throw error;
  } finally {
    client.release();
  }
}
