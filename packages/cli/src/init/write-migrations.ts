import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { auditMigrations } from "behalf/migrations";
import { nextVersion } from "./next-version.js";

/** What was done about one file; `kept`: it was there already. */
export interface Written {
  /** Relative to the project. */
  file: string;
  what: "wrote" | "kept";
}

/**
 * Writes the migrations of schema `behalf` into `supabase/migrations`, as new files with the latest versions. One that is
 * there with the same text is kept. One that an older version of behalf wrote stays as it is, for it may have been
 * applied; the new text comes as a file of its own, which brings about whatever the old one lacked.
 */
export async function writeMigrations(folder: string, now = new Date()): Promise<Written[]> {
  const migrations = join(folder, "supabase", "migrations");
  await mkdir(migrations, { recursive: true });
  const names = await readdir(migrations);
  const written: Written[] = [];
  for (const { name, sql } of auditMigrations()) {
    const latest = names
      .filter((file) => file.replace(/^\d+_/, "") === `behalf_${name}.sql`)
      .sort()
      .at(-1);
    const same = latest !== undefined && (await readFile(join(migrations, latest), "utf8")) === sql;
    const file = same ? latest : `${nextVersion(names, now)}_behalf_${name}.sql`;
    if (!same) {
      await writeFile(join(migrations, file), sql, { flag: "wx" });
      names.push(file);
    }
    written.push({ file: `supabase/migrations/${file}`, what: same ? "kept" : "wrote" });
  }
  return written;
}
