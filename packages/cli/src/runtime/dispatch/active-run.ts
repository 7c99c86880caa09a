import type { RunRow } from "../runs/row.js";
import type { StopReason } from "../worker/messages.js";
import type { TaskWorker } from "../workers/task-worker.js";

interface Reactions {
  /** `maxDuration` is over. */
  stop(reason: StopReason): void;
  /** Its process doesn't react any more. */
  kill(): void;
  killAfter: number;
}

/** Longest that onCancel hooks may take before the process is ended nevertheless, as on the platform. */
const hooksTimeout = 30_000;

/** An attempt that a worker process of this server makes now. */
export class ActiveRun {
  readonly row: RunRow;
  readonly worker: TaskWorker;
  readonly #reactions: Reactions;
  /** Why it was asked to stop, if it was. */
  stopped: StopReason | undefined;
  /** Its result is here; nothing else may decide about it. */
  settled = false;
  waiting = false;
  /** Its process was told to execute it. */
  began = false;
  #used = 0;
  #since = performance.now();
  #clock: NodeJS.Timeout | undefined;
  #deadline: NodeJS.Timeout | undefined;

  constructor(row: RunRow, worker: TaskWorker, reactions: Reactions) {
    this.row = row;
    this.worker = worker;
    this.#reactions = reactions;
  }

  /** Milliseconds it executed, waits left out. */
  get elapsed(): number {
    return this.#used + (this.waiting ? 0 : performance.now() - this.#since);
  }

  startClock(): void {
    if (this.row.max_duration === null) return;
    const left = Math.max(0, this.row.max_duration * 1000 - this.elapsed);
    // Longer timers than that overflow and fire at once.
    this.#clock = setTimeout(() => this.#reactions.stop("maxDuration"), Math.min(left, 2 ** 31 - 1));
  }

  stopClock(): void {
    clearTimeout(this.#clock);
    clearTimeout(this.#deadline);
  }

  pause(): void {
    this.#used = this.elapsed;
    this.waiting = true;
    clearTimeout(this.#clock);
  }

  resume(): void {
    this.waiting = false;
    this.#since = performance.now();
    if (!this.stopped) this.startClock();
  }

  stop(reason: StopReason): void {
    if (this.stopped || this.settled) return;
    this.stopped = reason;
    clearTimeout(this.#clock);
    const { id, attempt_count } = this.row;
    const grace = this.#reactions.killAfter;
    this.worker.send({ type: "stop", run: id, attempt: attempt_count, reason, grace });
    this.#deadline = setTimeout(this.#reactions.kill, grace);
  }

  /** Its process is alive: code that can be interrupted gets its grace, hooks their time. */
  heard(): void {
    clearTimeout(this.#deadline);
    if (!this.settled) {
      this.#deadline = setTimeout(this.#reactions.kill, this.#reactions.killAfter + hooksTimeout);
    }
  }
}
