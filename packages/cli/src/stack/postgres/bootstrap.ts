import { readdirSync, readFileSync } from "node:fs";
import { Client, escapeLiteral } from "pg";
import { StackError } from "../errors.js";

const folder = new URL("../../../sql/stack/", import.meta.url);

export interface RolePasswords {
  postgres: string;
  authenticator: string;
  supabase_auth_admin: string;
  supabase_storage_admin: string;
}

/**
 * Brings the database to what a Supabase project has from the start: roles, schemas, functions. Its version is kept as a setting
 * of the database, so that a start on existing data costs one query and the project's own schemas stay clean.
 * Returns whether anything had to be done.
 *
 * @throws {StackError} `ERR_STACK_PASSWORD_MISMATCH` when the data was made with other keys.
 */
export async function bootstrapDatabase(
  adminUrl: string,
  passwords: RolePasswords,
  options: { exposeNewTables: boolean },
): Promise<boolean> {
  const client = new Client({ connectionString: adminUrl });
  try {
    await client.connect();
  } catch (error) {
    if ((error as { code?: string }).code !== "28P01") throw error;
    throw new StackError(
      "ERR_STACK_PASSWORD_MISMATCH",
      "The database was created with other keys than this directory holds now: its secrets.json was removed or replaced. " +
        "Put it back, or start over with: behalf dev --fresh",
    );
  }
  try {
    const { rows } = await client.query<{ version: string | null; grants: string | null }>(
      "select current_setting('behalf.stack_version', true) as version, current_setting('behalf.default_grants', true) as grants",
    );
    const done = Number(rows[0]?.version ?? 0);
    const statements = [...schemaAfter(done)];
    if (done === 0) {
      for (const [role, password] of Object.entries(passwords))
        statements.push(`alter role ${role} password ${escapeLiteral(password)};`);
    }
    const grants = options.exposeNewTables ? "on" : "off";
    if ((rows[0]?.grants ?? "off") !== grants) statements.push(read(`default-grants-${grants}.sql`));
    if (statements.length > 0) await client.query(["begin;", ...statements, "commit;"].join("\n"));
    return statements.length > 0;
  } finally {
    await client.end();
  }
}

/** The numbered files that a database of version `done` lacks, and the statement that says it has them. */
function schemaAfter(done: number): string[] {
  const numbered = readdirSync(folder).flatMap((name) => (/^\d+_.*\.sql$/.test(name) ? [name] : []));
  const missing = numbered.filter((name) => Number.parseInt(name, 10) > done).sort();
  const latest = missing.at(-1);
  if (!latest) return [];
  return [
    ...missing.map(read),
    `alter database postgres set "behalf.stack_version" = '${Number.parseInt(latest, 10)}';`,
  ];
}

const read = (name: string) => readFileSync(new URL(name, folder), "utf8");
