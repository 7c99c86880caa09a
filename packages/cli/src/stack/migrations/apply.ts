import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Client } from "pg";
import type { StackConfig } from "../config/types.js";
import type { MigrationReport } from "../types.js";
import { findMigrations, findSeeds } from "./find-files.js";
import { runFile } from "./run-file.js";

/**
 * Applies the migrations of `supabase/migrations` that this database doesn't have, in order, each whole or not at all, then
 * the seed files that haven't run. As role `postgres`, as on the hosted service.
 *
 * @throws {StackError} `ERR_STACK_MIGRATION_FAILED` or `ERR_STACK_SEED_FAILED`, naming file and line.
 */
export async function applyMigrations(
  databaseUrl: string,
  project: string | undefined,
  config: StackConfig,
  warn: (message: string) => void,
): Promise<MigrationReport> {
  const report: MigrationReport = { applied: [], seeded: [] };
  if (project === undefined) return report;
  const supabase = join(project, "supabase");
  const client = new Client({ connectionString: databaseUrl });
  await client.connect();
  client.on("notice", ({ severity, message }) => {
    if (severity === "WARNING" && message) warn(message);
  });
  try {
    // One at a time, also across processes: the second waits and then finds nothing left to do.
    await client.query("select pg_advisory_lock(hashtext('supabase_migrations'))");
    if (config.migrationsEnabled) report.applied = await migrate(client, supabase);
    if (config.seedEnabled) report.seeded = await seed(client, supabase, config.seedPaths, warn);
    return report;
  } finally {
    await client.end();
  }
}

async function migrate(client: Client, supabase: string): Promise<string[]> {
  const { rows } = await client.query<{ version: string }>(
    "select version from supabase_migrations.schema_migrations",
  );
  const done = new Set(rows.map((row) => row.version));
  const applied: string[] = [];
  for (const { version, name, file } of findMigrations(supabase)) {
    if (done.has(version)) continue;
    await runFile(client, file, "ERR_STACK_MIGRATION_FAILED", (statements) => ({
      text: "insert into supabase_migrations.schema_migrations (version, name, statements) values ($1, $2, $3)",
      values: [version, name, statements],
    }));
    applied.push(`${version}_${name}.sql`);
  }
  return applied;
}

async function seed(
  client: Client,
  supabase: string,
  paths: string[],
  warn: (message: string) => void,
): Promise<string[]> {
  const { rows } = await client.query<{ path: string; hash: string }>(
    "select path, hash from supabase_migrations.seed_files",
  );
  const done = new Map(rows.map((row) => [row.path, row.hash]));
  const seeded: string[] = [];
  for (const { path, file } of findSeeds(supabase, paths)) {
    const hash = createHash("sha256").update(readFileSync(file)).digest("hex");
    const before = done.get(path);
    if (before === undefined) {
      await runFile(client, file, "ERR_STACK_SEED_FAILED", () => ({
        text: "insert into supabase_migrations.seed_files (path, hash) values ($1, $2)",
        values: [path, hash],
      }));
      seeded.push(path);
    } else if (before !== hash) {
      warn(
        `${path} has changed since it was run. A seed runs once; to run it again start over with: behalf dev --fresh`,
      );
    }
  }
  return seeded;
}
