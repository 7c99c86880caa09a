import { readFileSync } from "node:fs";

/** The text of `sql/doctor/<name>.sql`. */
export function readSql(name: string): string {
  return readFileSync(new URL(`../../../sql/doctor/${name}.sql`, import.meta.url), "utf8");
}
