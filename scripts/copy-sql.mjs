// npm run examples:sql: the behalf schema's migrations, as they are now, into the examples that have them.
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { root } from "./setup.mjs";

const examples = ["database-webhook", "web-app"];
const source = join(root, "packages/behalf/sql");

/** Where each migration belongs, and its text. */
export function exampleMigrations() {
  const names = readdirSync(source)
    .filter((name) => name.endsWith(".sql"))
    .sort();
  return examples.flatMap((example) =>
    names.map((name, index) => ({
      file: join(
        root,
        "examples",
        example,
        "supabase/migrations",
        `202611010000${String(index).padStart(2, "0")}_behalf_${name}`,
      ),
      text: readFileSync(join(source, name), "utf8"),
    })),
  );
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const { file, text } of exampleMigrations()) writeFileSync(file, text);
}
