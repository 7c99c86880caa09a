import { stripVTControlCharacters, styleText } from "node:util";

type Style = Parameters<typeof styleText>[0];

/** Whether a person looks at the stream, who hasn't asked for plain text with `NO_COLOR`. */
function isStyled(stream: NodeJS.WriteStream): boolean {
  return Boolean(stream.isTTY) && !process.env.NO_COLOR;
}

/** Styled where a person looks at a terminal, plain where a program reads or `NO_COLOR` is set. */
export function styled(style: Style, text: string, stream: NodeJS.WriteStream = process.stdout): string {
  return isStyled(stream) ? styleText(style, text) : text;
}

/** Text that others wrote, such as a log line: its own colours stay where ours would be. */
export function foreign(text: string, stream: NodeJS.WriteStream = process.stdout): string {
  return isStyled(stream) ? text : stripVTControlCharacters(text);
}

export function print(line = ""): void {
  process.stdout.write(`${line}\n`);
}

/** For progress and errors: standard output stays free for the result. */
export function printError(line: string): void {
  process.stderr.write(`${line}\n`);
}

export function printJson(value: unknown): void {
  print(JSON.stringify(value, null, 2));
}

/** Two columns, the first as wide as its longest entry. */
export function printTable(rows: [label: string, value: string][]): void {
  const width = Math.max(...rows.map(([label]) => label.length));
  for (const [label, value] of rows) print(`  ${styled("dim", label.padStart(width))}  ${value}`);
}

export function formatDuration(milliseconds: number): string {
  return milliseconds < 1000 ? `${Math.round(milliseconds)} ms` : `${(milliseconds / 1000).toFixed(1)} s`;
}

/** The time of day, where this machine is. */
export function formatTime(at: Date): string {
  return at.toLocaleTimeString("en-GB", { hour12: false });
}
