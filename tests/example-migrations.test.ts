import { existsSync, readFileSync } from "node:fs";
import { basename } from "node:path";
import { expect, test } from "vitest";
// @ts-expect-error plain JavaScript, run by node without a build
import { exampleMigrations } from "../scripts/copy-sql.mjs";

const migrations = (exampleMigrations as () => { file: string; text: string }[])();

test.each(migrations)("$file is behalf's own (npm run examples:sql writes it)", ({ file, text }) => {
  expect(existsSync(file), basename(file)).toBe(true);
  expect(readFileSync(file, "utf8")).toBe(text);
});
