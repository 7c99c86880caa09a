import { mkdirSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { type Cluster, dataArgument, own } from "./cluster.js";

/**
 * Extensions that hosted Supabase compiles into its Postgres, and the schema that each has to itself there. Migrations that
 * `supabase db pull` writes create them whether the project uses them or not: they get an empty one of that name, and a warning.
 * Those that bring types (vector, postgis) are not among them: tables would fail one line later.
 */
const hosted: Record<string, string | undefined> = {
  http: undefined,
  hypopg: undefined,
  index_advisor: undefined,
  pg_cron: undefined,
  pg_graphql: "graphql",
  pg_jsonschema: undefined,
  pg_net: undefined,
  pgaudit: undefined,
  pgjwt: undefined,
  pgmq: undefined,
  pgsodium: "pgsodium",
  pgtap: undefined,
  plpgsql_check: undefined,
  supabase_vault: "vault",
  wrappers: undefined,
};

/** Of these the stack has the functions itself, from the start. */
const provided = new Set(["pg_net"]);

const folderName = "behalf-extensions";

/** Writes the placeholders into the data directory, where Postgres can read, and returns where it looks for extensions: its own first. */
export function installPlaceholders(cluster: Cluster): string {
  const base = join(cluster.data, folderName);
  const folder = join(base, "extension");
  for (const path of [base, folder]) {
    mkdirSync(path, { recursive: true, mode: 0o700 });
    own(path, cluster.account);
  }
  for (const [name, schema] of Object.entries(hosted)) {
    const control = [
      "comment = 'placeholder of the embedded stack'",
      "default_version = '0'",
      "trusted = true",
      schema ? `schema = ${schema}` : "relocatable = true",
    ];
    const warning = `do $$ begin raise warning 'extension ${name} is an empty placeholder here: what it provides on hosted Supabase is missing'; end $$;`;
    const script = provided.has(name) ? "-- The stack brings what this extension provides." : warning;
    for (const [file, text] of [
      [`${name}.control`, control.join("\n")],
      [`${name}--0.sql`, script],
    ] as const) {
      writeFileSync(join(folder, file), `${text}\n`, { mode: 0o600 });
      own(join(folder, file), cluster.account);
    }
  }
  return ["$system", `${dataArgument(cluster)}/${folderName}`].join(delimiter);
}
