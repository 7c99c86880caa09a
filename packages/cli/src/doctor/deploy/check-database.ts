import { existsSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { checkMigrations } from "behalf/migrations";
import type { ClientBase } from "pg";
import { findMigrations, type MigrationFile } from "../../stack/migrations/find-files.js";
import { type Finding, found } from "../finding.js";
import { readSql } from "../schema/read-sql.js";
import { isLocalAddress } from "./check-variables.js";

/** What the database has of the project: its migrations, schema behalf, its webhooks' addresses. */
export async function checkTarget(
  folder: string,
  client: ClientBase,
): Promise<{ findings: Finding[]; facts: string[] }> {
  const files = findMigrations(join(folder, "supabase"));
  const applied = await appliedVersions(client);
  const onDisk = new Set(files.map(({ version }) => version));
  const pending = files.filter(({ version }) => !applied.has(version));
  const findings = [
    ...pending.map(({ file }) => found("DEPLOY_MIGRATION_PENDING", placeOf(file))),
    ...[...applied]
      .filter((version) => !onDisk.has(version))
      .map((version) => found("DEPLOY_MIGRATION_UNKNOWN", `version ${version}`)),
    ...(await checkBehalfSql(client, files)),
    ...(await checkWebhooks(client)),
  ];
  const facts =
    files.length > 0 && pending.length === 0 ? [`All ${files.length} migrations are applied.`] : [];
  return { findings, facts };
}

const placeOf = (file: string) => `supabase/migrations/${basename(file)}`;

async function appliedVersions(client: ClientBase): Promise<Set<string>> {
  const { rows: found } = await client.query(
    "select to_regclass('supabase_migrations.schema_migrations') as id",
  );
  if (!found[0]?.id) return new Set();
  const { rows } = await client.query<{ version: string }>(
    "select version from supabase_migrations.schema_migrations order by version",
  );
  return new Set(rows.map(({ version }) => version));
}

/** Where the project's own SQL speaks of schema behalf, all of that has to be there. */
async function checkBehalfSql(client: ClientBase, files: MigrationFile[]): Promise<Finding[]> {
  const usesIt = files.some(({ file }) => /\bbehalf\.\w+/.test(readFileSync(file, "utf8")));
  if (!usesIt) return [];
  const { missing } = await checkMigrations(client);
  return missing.map((name) => found("DEPLOY_SQL_MISSING", `schema behalf, ${name}`));
}

async function checkWebhooks(client: ClientBase): Promise<Finding[]> {
  const { rows } = await client.query<{ place: string; address: string }>(readSql("webhooks"));
  return rows
    .filter(({ address }) => isLocalAddress(address))
    .map(({ place }) => found("DEPLOY_WEBHOOK_LOCAL", place));
}

/** The same as far as the files show it, for where no database can be asked. */
export function checkWebhooksOnDisk(folder: string): Finding[] {
  return findMigrations(join(folder, "supabase")).flatMap(({ file }) => {
    if (!existsSync(file)) return [];
    const lines = readFileSync(file, "utf8").replaceAll(/--.*$/gm, "").split("\n");
    return lines.flatMap((line, index) =>
      [...line.matchAll(/'(https?:\/\/[^']+)'/g)].some(([, address = ""]) => isLocalAddress(address))
        ? [found("DEPLOY_WEBHOOK_LOCAL", `${placeOf(file)}:${index + 1}`)]
        : [],
    );
  });
}
