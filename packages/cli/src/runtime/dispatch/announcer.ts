import { readError } from "../runs/result.js";
import type { RunRow } from "../runs/row.js";
import type { RuntimeEvent } from "../types.js";
import type { EndedSpan, FromWorker } from "../worker/messages.js";
import type { Changes } from "./changes.js";

/** Tells what happens to runs: those who wait in this process by the row, everybody else by an event. */
export class Announcer {
  readonly #changes: Changes;
  readonly #emit: (event: RuntimeEvent) => void;

  constructor(changes: Changes, emit: (event: RuntimeEvent) => void) {
    this.#changes = changes;
    this.#emit = emit;
  }

  /** A change that is no event of its own. */
  changed(row: RunRow): void {
    this.#changes.announce(row);
  }

  became(type: "run-queued" | "run-started" | "run-waiting", row: RunRow): void {
    this.#changes.announce(row);
    this.#emit({ type, ...fieldsOf(row) });
  }

  retrying(row: RunRow, delayMs: number): void {
    this.#changes.announce(row);
    const error = readError({ ...row, status: "FAILED" }) ?? { message: "unknown" };
    this.#emit({ type: "run-retrying", ...fieldsOf(row), delayMs, error });
  }

  ended(row: RunRow): void {
    this.#changes.announce(row);
    const error = readError(row);
    const durationMs = row.duration_ms;
    this.#emit({ type: "run-finished", ...fieldsOf(row), durationMs, ...(error ? { error } : {}) });
  }

  spans({ id, task }: RunRow, spans: EndedSpan[]): void {
    for (const span of spans) this.#emit({ type: "span", run: id, task, ...span });
  }

  logged({ run, task, level, message, properties }: FromWorker & { type: "log" }): void {
    this.#emit({
      type: "log",
      level,
      message,
      ...(run === undefined ? {} : { run }),
      ...(task === undefined ? {} : { task }),
      ...(properties === undefined ? {} : { properties }),
    });
  }

  failed(message: string): void {
    this.#emit({ type: "log", level: "error", message });
  }

  workerLost(reason: string, requeued: number): void {
    this.#emit({ type: "worker-lost", reason, requeued });
  }
}

function fieldsOf(row: RunRow) {
  return { id: row.id, task: row.task, status: row.status, attempt: row.attempt_count };
}
