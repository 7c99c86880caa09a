import { existsSync, readdirSync } from "node:fs";
import { join, normalize, sep } from "node:path";
import { StackError } from "../errors.js";

export interface MigrationFile {
  /** The digits before the first underscore. */
  version: string;
  /** What follows, without `.sql`. */
  name: string;
  file: string;
}

/** The files of `supabase/migrations`, in the order in which they apply. Files of other names don't count, as in the Supabase CLI. */
export function findMigrations(supabase: string): MigrationFile[] {
  const folder = join(supabase, "migrations");
  if (!existsSync(folder)) return [];
  const files = readdirSync(folder)
    .sort()
    .flatMap((entry) => {
      const [, version, name] = /^(\d+)_(.*)\.sql$/.exec(entry) ?? [];
      return version && name !== undefined ? [{ version, name, file: join(folder, entry) }] : [];
    });
  for (const [index, { version, file }] of files.entries()) {
    if (files[index - 1]?.version !== version) continue;
    throw new StackError(
      "ERR_STACK_MIGRATION_NAME",
      `Two migrations have the version ${version}: ${file} and ${files[index - 1]?.file}. Give one of them another.`,
    );
  }
  return files;
}

/** The seed files that the globs of `[db.seed] sql_paths` name: in the order of the globs, sorted within each, none twice. */
export function findSeeds(supabase: string, globs: string[]): { path: string; file: string }[] {
  if (!existsSync(supabase)) return [];
  const entries = readdirSync(supabase, { recursive: true, encoding: "utf8" }).map((name) =>
    name.split(sep).join("/"),
  );
  const found = new Set<string>();
  for (const glob of globs) {
    const plain = normalize(glob).split(sep).join("/");
    const pattern = globPattern(plain);
    for (const path of entries.filter((entry) => pattern.test(entry)).sort()) found.add(path);
    if (plain.startsWith("../") && existsSync(join(supabase, plain))) found.add(plain);
  }
  return [...found].map((path) => ({ path: `supabase/${path}`, file: join(supabase, path) }));
}

function globPattern(glob: string): RegExp {
  const parts = glob.split(/(\*\*\/|\*|\?)/).map((part) => {
    if (part === "**/") return "(?:.*/)?";
    if (part === "*") return "[^/]*";
    if (part === "?") return "[^/]";
    return part.replace(/[.+^${}()|[\]\\]/g, "\\$&");
  });
  return new RegExp(`^${parts.join("")}$`);
}
