import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { StackError } from "../errors.js";

/** Reads a file of ours, or undefined when there is none. */
export function readJsonFile<T>(file: string): T | undefined {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
  try {
    return JSON.parse(text) as T;
  } catch {
    throw new StackError(
      "ERR_STACK_STATE_DAMAGED",
      `${file} is not valid JSON. Restore it, or start over with: behalf dev --fresh`,
    );
  }
}

/** Writes it whole or not at all, readable by its owner only. */
export function writeJsonFile(file: string, value: unknown): void {
  const aside = `${file}.${process.pid}`;
  writeFileSync(aside, `${JSON.stringify(value, null, 2)}\n`, { mode: 0o600 });
  renameSync(aside, file);
}
