import { join } from "node:path";
import type { FileProblem, RunError } from "../runtime/index.js";
import { readSource, type SourceLines } from "../source/code-frame.js";
import { foreign, styled } from "./terminal.js";

export interface ErrorLinesOptions {
  /** The project's folder, where the lines of code are read. */
  folder: string;
  /** The whole stack, too. */
  verbose?: boolean | undefined;
  /** What the lines are for: it decides on colours. Default: standard output. */
  stream?: NodeJS.WriteStream;
}

/** What a run threw and the project's line that did. */
export function errorLines(
  { name, message, stackTrace = "" }: RunError,
  options: ErrorLinesOptions,
): string[] {
  const { folder, verbose, stream } = options;
  const source = readSource(stackTrace, folder);
  const frames = foreign(stackTrace, stream)
    .split("\n")
    .filter((line) => /^\s+at /.test(line));
  return [
    ...messageLines({ message, ...(name ? { name } : {}) }, stream),
    ...(source
      ? [
          styled("dim", `${source.file}:${source.line}:${source.column}`, stream),
          ...frameLines(source, true, stream),
        ]
      : []),
    ...(verbose ? frames.map((line) => styled("dim", line.trim(), stream)) : []),
  ];
}

export function messageLines({ name, message }: RunError, stream?: NodeJS.WriteStream): string[] {
  return foreign(`${name ?? "Error"}: ${message}`, stream)
    .split("\n")
    .map((line) => styled("red", line, stream));
}

/** Why a task file wasn't taken, with the line that is to blame. */
export function problemLines({ file, line, message }: FileProblem, options: ErrorLinesOptions): string[] {
  const { folder, stream } = options;
  const where = line === undefined ? file : `${file}:${line}`;
  const source =
    line === undefined ? undefined : readSource(`    at ${join(folder, file)}:${line}:1`, folder);
  return [
    styled("red", `✗ ${where}  ${foreign(message, stream)}`, stream),
    ...(source ? frameLines(source, false, stream) : []),
  ];
}

/** The lines around the one that threw, which is marked. `exact`: a caret stands below its column. */
function frameLines(
  { line, column, lines }: SourceLines,
  exact: boolean,
  stream?: NodeJS.WriteStream,
): string[] {
  const width = String(lines.at(-1)?.number ?? line).length;
  return lines.flatMap(({ number, text }) => {
    const code = `${String(number).padStart(width)} │ ${text}`.trimEnd();
    if (number !== line) return [`  ${styled("dim", code, stream)}`];
    const before = text.slice(0, column - 1).replaceAll(/[^\t]/g, " ");
    const caret = `  ${" ".repeat(width)} │ ${before}${styled("red", "^", stream)}`;
    return [`${styled("red", ">", stream)} ${code}`, ...(exact ? [caret] : [])];
  });
}
