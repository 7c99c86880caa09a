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
 *
 * @throws {StackError} `ERR_STACK_PASSWORD_MISMATCH` when the data was made with other keys.
 */
export async function bootstrapDatabase(adminUrl: string, passwords: RolePasswords): Promise<void> {
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
    const { rows } = await client.query<{ version: string | null }>(
      "select current_setting('behalf.stack_version', true) as version",
    );
    const done = Number(rows[0]?.version ?? 0);
    const files = readdirSync(folder)
      .filter((name) => name.endsWith(".sql") && Number.parseInt(name, 10) > done)
      .sort();
    const latest = files.at(-1);
    if (!latest) return;
    const statements = files.map((name) => readFileSync(new URL(name, folder), "utf8"));
    for (const [role, password] of Object.entries(passwords))
      statements.push(`alter role ${role} password ${escapeLiteral(password)};`);
    statements.push(`alter database postgres set "behalf.stack_version" = '${Number.parseInt(latest, 10)}';`);
    await client.query(`begin;\n${statements.join("\n")}\ncommit;`);
  } finally {
    await client.end();
  }
}
