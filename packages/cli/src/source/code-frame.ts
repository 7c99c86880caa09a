import { readFileSync, realpathSync, statSync } from "node:fs";
import { relative, sep } from "node:path";
import { fileURLToPath } from "node:url";

/** The project's line that threw, and what stands around it. */
export interface SourceLines {
  /** Relative to the project, with slashes. */
  file: string;
  /** From 1. */
  line: number;
  /** From 1. */
  column: number;
  lines: { number: number; text: string }[];
}

const around = 2;
const longestLine = 240;
const largestFile = 1_000_000;
// A task can write whatever it likes into an error's stack: nothing but code is read, so that no `.env` is ever shown.
const code = /\.[cm]?[jt]sx?$/;

/**
 * Finds the innermost frame of a stack trace that is the project's own code and reads the lines around it. Undefined where no frame names a source
 * file of the project; installed packages and files outside the folder are passed over. Workers run with source maps, so the lines are the source's.
 *
 * @example
 * ```ts
 * readSource(error.stack ?? "", "/home/ada/notes"); // { file: "trigger/notes.ts", line: 7, column: 11, lines: [{ number: 5, text: "…" }, …] }
 * ```
 */
export function readSource(stack: string, projectFolder: string): SourceLines | undefined {
  let root: string;
  try {
    root = realpathSync(projectFolder);
  } catch {
    return undefined;
  }
  for (const frame of stack.split("\n")) {
    const [, path, line, column] =
      /^\s+at (?:async )?(?:.*?\()?((?:file:\/\/|\/|[A-Za-z]:[\\/]).*?):(\d+):(\d+)\)?$/.exec(frame) ?? [];
    if (path === undefined) continue;
    const source = readLines(path, root, Number(line));
    if (source) return { ...source, line: Number(line), column: Number(column) };
  }
  return undefined;
}

function readLines(
  path: string,
  root: string,
  line: number,
): Pick<SourceLines, "file" | "lines"> | undefined {
  try {
    // By its real path: a link in the project mustn't lead out of it.
    const real = realpathSync(path.startsWith("file://") ? fileURLToPath(path) : path);
    const file = relative(root, real).split(sep).join("/");
    if (!isOwnCode(file) || statSync(real).size > largestFile) return undefined;
    const texts = readFileSync(real, "utf8").split(/\r?\n/);
    if (line < 1 || line > texts.length) return undefined;
    const first = Math.max(1, line - around);
    const lines = texts
      .slice(first - 1, line + around)
      .map((text, index) => ({ number: first + index, text: text.slice(0, longestLine) }));
    return { file, lines };
  } catch {
    // The file is gone or was never one.
    return undefined;
  }
}

function isOwnCode(file: string): boolean {
  const outside = file === "" || file.startsWith("../") || /^([A-Za-z]:|\/)/.test(file);
  return !outside && code.test(file) && !/(^|\/)(node_modules|\.behalf)\//.test(file);
}
