import type { RunStatus, RuntimeEvent } from "../runtime/index.js";
import { type ErrorLinesOptions, errorLines, messageLines, problemLines } from "./error-lines.js";
import { foreign, formatDuration, formatTime, styled } from "./terminal.js";

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

export function colourOf(level: string | null): Colour {
  if (level === "error") return "red";
  return level === "warn" ? "yellow" : "dim";
}

/** A log's properties behind its message. */
export function formatProperties(properties: unknown, stream?: NodeJS.WriteStream): string {
  return properties === undefined || properties === null
    ? ""
    : `  ${styled("dim", JSON.stringify(properties), stream)}`;
}

/** Turns what happens in the runtime into lines for a person: one for each run that ended, with its columns below each other. */
export class EventLines {
  readonly #options: ErrorLinesOptions;
  #width = 8;

  /** `verbose`: everything that happens, with the properties of logs and whole stacks. */
  constructor(options: ErrorLinesOptions) {
    this.#options = options;
  }

  /** Makes room for the names of these tasks. */
  fit(tasks: readonly string[]): void {
    this.#width = Math.min(widestTask, Math.max(this.#width, ...tasks.map((id) => id.length)));
  }

  /** The lines for an event: none for what only repeats, unless everything is asked for. */
  format(event: RuntimeEvent): string[] {
    const { verbose, stream } = this.#options;
    switch (event.type) {
      case "run-queued":
      case "run-started":
      case "run-waiting":
        return verbose ? [this.#line(["·", "dim"], event, event.status)] : [];
      case "run-finished":
        return this.#finished(event);
      case "run-retrying": {
        const line = this.#line(["↻", "yellow"], event, "RETRYING", formatDuration(event.delayMs));
        // Where the last attempt fails as well, its line of code is shown then.
        const error = verbose ? errorLines(event.error, this.#options) : messageLines(event.error, stream);
        return [`${line}  after attempt ${event.attempt}`, ...indented(error)];
      }
      case "log":
        return this.#log(event);
      case "file-problem":
        return problemLines(event.problem, this.#options);
      case "reloaded":
        this.fit(event.tasks.map(({ id }) => id));
        return [
          `${this.#time()}  ${this.#styled("green", "✓")} ${countTasks(event.tasks)} reloaded in ${formatDuration(event.durationMs)}`,
        ];
      case "worker-lost":
        return [
          `${this.#time()}  ${this.#styled("red", `✗ A worker process ended (${event.reason}); its ${event.requeued} runs go on.`)}`,
        ];
      default:
        return [];
    }
  }

  #finished(event: RuntimeEvent & { type: "run-finished" }): string[] {
    const mark = marks[event.status] ?? ["✗", "red" as const];
    const line = this.#line(mark, event, event.status, formatDuration(event.durationMs));
    const attempt = event.attempt > 1 ? `  attempt ${event.attempt}` : "";
    return [`${line}${attempt}`, ...(event.error ? indented(errorLines(event.error, this.#options)) : [])];
  }

  #log({ level, message, run, task, properties }: RuntimeEvent & { type: "log" }): string[] {
    const { verbose, stream } = this.#options;
    if (level === "debug" && !verbose) return [];
    const colour = colourOf(level);
    const line =
      run === undefined
        ? `${this.#time()}    ${this.#styled(colour, level)}`
        : this.#line([" ", colour], { task: task ?? "", id: run }, level);
    return [`${line}  ${foreign(message, stream)}${verbose ? formatProperties(properties, stream) : ""}`];
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

  #time(): string {
    return this.#styled("dim", formatTime(new Date()));
  }

  #styled(style: Colour, text: string): string {
    return styled(style, text, this.#options.stream);
  }
}

const indented = (lines: string[]) => lines.map((line) => `${indent}${line}`);
