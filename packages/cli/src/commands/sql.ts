import { checkMigrations } from "behalf/migrations";
import { writeMigrations } from "../init/index.js";
import { openProject } from "../project/folder.js";
import { withDatabase } from "./database.js";
import { printWritten } from "./init.js";
import { print, printJson } from "./terminal.js";

export interface SqlOptions {
  dir: string;
  check?: boolean;
  json?: boolean;
}

/** `behalf sql`: writes the migrations of schema `behalf`. With `check`, asks the database for what it lacks, and returns 1 for anything. */
export async function sql(options: SqlOptions): Promise<0 | 1> {
  if (options.check) return check(options);
  const { folder } = openProject(options.dir);
  const written = await writeMigrations(folder);
  if (options.json) printJson({ folder, files: written });
  else {
    printWritten(written);
    if (written.some(({ what }) => what === "wrote"))
      print("\nApply them as any other migration: behalf dev, supabase db push.");
  }
  return 0;
}

async function check({ dir, json }: SqlOptions): Promise<0 | 1> {
  const result = await withDatabase(dir, (client) => checkMigrations(client));
  if (json) printJson(result);
  else if (result.current) print(`The database is current (${result.applied.length} migrations).`);
  else print(`The database lacks ${result.missing.join(", ")}. Write them with: behalf sql`);
  if (!json && result.unknown.length > 0)
    print(`A newer version of behalf has added ${result.unknown.join(", ")}.`);
  return result.current ? 0 : 1;
}
