import { join } from "node:path";
import type { FileProblem, RunError, RunStatus, RuntimeEvent } from "../runtime/index.js";
import { readSource, type SourceLines } from "../source/code-frame.js";
import { foreign, formatDuration, formatTime, styled } from "./terminal.js";

export interface EventLinesOptions {
  /** The project's folder, where the lines of code are read. */
  folder: string;
  /** Everything that happens, with the properties of logs and whole stacks. */
  verbose?: boolean | undefined;
  /** What the lines are for: it decides on colours. Default: standard output. */
  stream?: NodeJS.WriteStream;
}

type Colour = "green" | "yellow" | "red" | "dim";

const marks: Partial<Record<RunStatus, [mark: string, colour: Colour]>> = {
  COMPLETED: ["✓", "green"],
  CANCELED: ["–", "yellow"],
  EXPIRED: ["–", "yellow"],
};

const indent = " ".repeat(12);
const widestTask = 32;

/** A run's id as far as it is shown and has to be typed. */
export const shortId = (id: string) => id.slice(0, 12);

export function countTasks({ length }: readonly unknown[]): string {
  return `${length} ${length === 1 ? "task" : "tasks"}`;
}

/** Turns what happens in the runtime into lines for a person: one for each run that ended, with its columns below each other. */
export class EventLines {
  readonly #options: EventLinesOptions;
  #width = 8;

  constructor(options: EventLinesOptions) {
    this.#options = options;
  }

  /** Makes room for the names of these tasks. */
  fit(tasks: readonly string[]): void {
    this.#width = Math.min(widestTask, Math.max(this.#width, ...tasks.map((id) => id.length)));
  }

  /** The lines for an event: none for what only repeats, unless everything is asked for. */
  format(event: RuntimeEvent): string[] {
    const { verbose } = this.#options;
    switch (event.type) {
      case "run-queued":
      case "run-started":
      case "run-waiting":
        return verbose ? [this.#line(["·", "dim"], event, event.status)] : [];
      case "run-finished":
        return this.#finished(event);
      case "run-retrying": {
        const line = this.#line(["↻", "yellow"], event, "RETRYING", formatDuration(event.delayMs));
        return [`${line}  after attempt ${event.attempt}`, ...this.#error(event.error, verbose)];
      }
      case "log":
        return this.#log(event);
      case "file-problem":
        return this.problem(event.problem);
      case "reloaded": {
        this.fit(event.tasks.map(({ id }) => id));
        return [
          `${this.#time()}  ${this.#styled("green", "✓")} ${countTasks(event.tasks)} reloaded in ${formatDuration(event.durationMs)}`,
        ];
      }
      case "worker-lost":
        return [
          `${this.#time()}  ${this.#styled("red", `✗ A worker process ended (${event.reason}); its ${event.requeued} runs go on.`)}`,
        ];
      default:
        return [];
    }
  }

  /** Why a task file wasn't taken, with the line that is to blame. */
  problem({ file, line, message }: FileProblem): string[] {
    const where = line === undefined ? file : `${file}:${line}`;
    const source =
      line === undefined
        ? undefined
        : readSource(`    at ${join(this.#options.folder, file)}:${line}:1`, this.#options.folder);
    return [
      this.#styled("red", `✗ ${where}  ${this.#foreign(message)}`),
      ...(source ? this.#frame(source, false) : []),
    ];
  }

  #finished(event: RuntimeEvent & { type: "run-finished" }): string[] {
    const mark = marks[event.status] ?? ["✗", "red" as const];
    const line = this.#line(mark, event, event.status, formatDuration(event.durationMs));
    const attempt = event.attempt > 1 ? `  attempt ${event.attempt}` : "";
    return [`${line}${attempt}`, ...(event.error ? this.#error(event.error, true) : [])];
  }

  #log({ level, message, run, task, properties }: RuntimeEvent & { type: "log" }): string[] {
    const { verbose } = this.#options;
    if (level === "debug" && !verbose) return [];
    const colour = level === "error" ? "red" : level === "warn" ? "yellow" : "dim";
    const more =
      verbose && properties !== undefined ? `  ${this.#styled("dim", JSON.stringify(properties))}` : "";
    const place = { task: task ?? "", id: run ?? "" };
    return [`${this.#line([" ", colour], place, level)}  ${this.#foreign(message)}${more}`];
  }

  #line(
    [mark, colour]: [string, Colour],
    { task, id }: { task: string; id: string },
    status: string,
    duration?: string,
  ): string {
    return [
      `${this.#time()}  ${this.#styled(colour, mark)} ${task.padEnd(this.#width)}`,
      this.#styled("dim", shortId(id).padEnd(12)),
      this.#styled(colour, status.padEnd(9)),
      ...(duration === undefined ? [] : [duration.padStart(8)]),
    ].join("  ");
  }

  #error({ name, message, stackTrace }: RunError, withSource: boolean | undefined): string[] {
    const said = this.#foreign(`${name ?? "Error"}: ${message}`).split("\n");
    const source = stackTrace && withSource ? readSource(stackTrace, this.#options.folder) : undefined;
    const frames = this.#foreign(stackTrace ?? "")
      .split("\n")
      .filter((line) => /^\s+at /.test(line));
    return [
      ...said.map((line) => `${indent}${this.#styled("red", line)}`),
      ...(source ? this.#frame(source, true) : []),
      ...(this.#options.verbose ? frames.map((line) => `${indent}${this.#styled("dim", line.trim())}`) : []),
    ];
  }

  /** The lines around the one that threw, which is marked; a caret stands below its column. */
  #frame({ file, line, column, lines }: SourceLines, exact: boolean): string[] {
    const width = String(lines.at(-1)?.number ?? line).length;
    const where = exact ? [`${indent}${this.#styled("dim", `${file}:${line}:${column}`)}`] : [];
    const shown = lines.flatMap(({ number, text }) => {
      const code = `${String(number).padStart(width)} │ ${text}`;
      if (number !== line) return [`${indent}  ${this.#styled("dim", code)}`];
      const before = text.slice(0, column - 1).replaceAll(/[^\t]/g, " ");
      const caret = `${indent}  ${" ".repeat(width)} │ ${before}${this.#styled("red", "^")}`;
      return [`${indent}${this.#styled("red", ">")} ${code}`, ...(exact ? [caret] : [])];
    });
    return [...where, ...shown];
  }

  #time(): string {
    return this.#styled("dim", formatTime(new Date()));
  }

  #styled(style: Colour, text: string): string {
    return styled(style, text, this.#options.stream);
  }

  #foreign(text: string): string {
    return foreign(text, this.#options.stream);
  }
}
