import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { nextVersion } from "../init/next-version.js";
import { wrapCalls } from "./schema/expression.js";
import { quoteIdentifier } from "./schema/quote.js";
import type { Schema, SchemaPolicy } from "./schema/types.js";

/** What `behalf doctor --fix` wrote. */
export interface Fix {
  /** Relative to the project; undefined where there was nothing to write. */
  file: string | undefined;
  /** How many policies it changes. */
  policies: number;
}

const heading = `-- Calls each function once for a statement instead of once for each row: the policies let the same rows through as before.
-- Written by \`behalf doctor --fix\`. Read it, then apply it as any other migration.
`;

/** The `alter policy` that wraps what a policy calls for each row, or undefined where it calls nothing so. */
export function wrapPolicy(policy: SchemaPolicy): string | undefined {
  const parts = (["using", "check"] as const).flatMap((part) => {
    const expression = policy[part];
    const wrapped = expression && wrapCalls(expression);
    return wrapped && wrapped !== expression
      ? [`${part === "using" ? "using" : "with check"} (${wrapped})`]
      : [];
  });
  if (parts.length === 0) return undefined;
  const table = [policy.schema, policy.table].map(quoteIdentifier).join(".");
  return `alter policy ${quoteIdentifier(policy.name)} on ${table}\n  ${parts.join("\n  ")};\n`;
}

/**
 * Writes one new migration for what can be cured without changing what anybody may see or do. The database stays as it
 * is until the migration is applied. A migration that says the same and waits to be applied isn't written twice.
 */
export async function writeFix(folder: string, schema: Schema, now = new Date()): Promise<Fix> {
  const statements = schema.policies.filter(({ rls }) => rls).flatMap((policy) => wrapPolicy(policy) ?? []);
  if (statements.length === 0) return { file: undefined, policies: 0 };
  const text = `${heading}\n${statements.join("\n")}`;
  const migrations = join(folder, "supabase", "migrations");
  await mkdir(migrations, { recursive: true });
  const present = (await readdir(migrations)).filter((name) => name.endsWith("_behalf_doctor.sql"));
  for (const name of present)
    if ((await readFile(join(migrations, name), "utf8")) === text)
      return { file: `supabase/migrations/${name}`, policies: statements.length };
  const name = `${nextVersion(await readdir(migrations), now)}_behalf_doctor.sql`;
  await writeFile(join(migrations, name), text, { flag: "wx" });
  return { file: `supabase/migrations/${name}`, policies: statements.length };
}
