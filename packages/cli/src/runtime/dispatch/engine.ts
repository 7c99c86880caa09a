import type { TaskRunExecutionResult } from "@trigger.dev/core/v3";
import type pg from "pg";
import { untilWritten } from "../database/retry.js";
import { messageOf } from "../errors.js";
import { loseRuns } from "../runs/lose.js";
import { hasEnded, type RunRow } from "../runs/row.js";
import {
  type AttemptKey,
  changeMetadata,
  finishRun,
  markWaiting,
  requeueRuns,
  retryRun,
} from "../runs/update.js";
import type { RuntimeEvent } from "../types.js";
import type { FromWorker, StopReason, WaitResult, WaitTarget } from "../worker/messages.js";
import type { Fleet } from "../workers/fleet.js";
import type { TaskWorker } from "../workers/task-worker.js";
import { ActiveRun } from "./active-run.js";
import { Announcer } from "./announcer.js";
import type { Changes } from "./changes.js";
import { type Decision, decide } from "./decide.js";
import { toExecution } from "./execution.js";
import { Passes } from "./passes.js";

/** Runs that execute in processes of their own at the same time: each costs the memory of a process. */
const mostAlone = 4;

export interface EngineOptions {
  pool: pg.Pool;
  owner: number;
  concurrency: number;
  killAfter: number;
  changes: Changes;
  emit(event: RuntimeEvent): void;
  /** Resolves when what a run waits for is over. */
  waitFor(target: WaitTarget): Promise<WaitResult>;
}

/** Claims runs, has them executed, and writes down what came of it. */
export class Engine {
  readonly #options: EngineOptions;
  readonly #announcer: Announcer;
  readonly #active = new Map<string, ActiveRun>();
  readonly #writing = new Set<Promise<unknown>>();
  readonly #passes = new Passes(() => this.#claim());
  #fleet: Fleet | undefined;
  #stopped = false;

  constructor(options: EngineOptions) {
    this.#options = options;
    this.#announcer = new Announcer(options.changes, options.emit);
  }

  useFleet(fleet: Fleet): void {
    this.#fleet = fleet;
  }

  /** Ids of the runs this server executes now. */
  get activeRuns(): string[] {
    return [...this.#active.keys()];
  }

  /** Looks for runs that are ready. Resolves after a look that began after this call. */
  dispatch(): Promise<void> {
    return this.#passes.run();
  }

  /** Looks for them in the background. */
  wake(): void {
    this.#passes.wake();
  }

  /** Of runs said to be this server's, those it doesn't know: asked between two claims, when none is half known. */
  async forgotten(ids: string[]): Promise<string[]> {
    await this.#passes.idle();
    return ids.filter((id) => !this.#active.has(id));
  }

  async #claim(): Promise<void> {
    const worker = this.#fleet?.current;
    const executing = [...this.#active.values()].filter((run) => !run.waiting);
    const free = this.#options.concurrency - executing.length;
    const freeAlone = mostAlone - executing.filter((run) => run.row.alone).length;
    if (!worker || free <= 0 || this.#stopped) return;
    const { pool, owner } = this.#options;
    const { rows } = await pool.query<RunRow>({
      name: "claim-runs",
      text: "select * from runtime.claim_runs($1, $2, $3, $4)",
      values: [owner, free, Math.max(freeAlone, 0), [...worker.tasks.keys()]],
    });
    if (worker.process.alive) {
      for (const row of rows) {
        if (row.alone) this.#startAlone(row, worker);
        else this.#execute(this.#take(row, worker));
      }
    } else if (rows.length > 0) {
      // It ended meanwhile, and nothing more will be heard of it.
      const requeued = await requeueRuns(
        pool,
        owner,
        rows.map((row) => row.id),
      );
      for (const row of requeued) this.announceReady(row);
    }
  }

  #take(row: RunRow, worker: TaskWorker): ActiveRun {
    const { killAfter } = this.#options;
    const run = new ActiveRun(row, worker, {
      stop: (reason) => this.stop(row.id, reason),
      kill: () => void worker.process.kill(),
      killAfter,
    });
    this.#active.set(row.id, run);
    worker.runs.add(row.id);
    this.#announcer.became("run-started", row);
    return run;
  }

  #execute(run: ActiveRun): void {
    const { row, worker } = run;
    const file = worker.tasks.get(row.task)?.file ?? "";
    run.began = true;
    worker.send({ type: "execute", execution: toExecution(row, file, worker.build.version) });
    run.startClock();
    if (row.cancel_requested) this.stop(row.id, "cancelled");
  }

  /** Executes a run in a process of its own. */
  #startAlone(row: RunRow, current: TaskWorker): void {
    const { worker, loaded } = (this.#fleet as Fleet).startAlone(current);
    const run = this.#take(row, worker);
    loaded.then(
      () => (run.stopped ? worker.process.kill() : this.#execute(run)),
      () => worker.process.kill(),
    );
  }

  /** Stops a run that executes here. */
  stop(id: string, reason: StopReason): void {
    this.#active.get(id)?.stop(reason);
  }

  onMessage(worker: TaskWorker, message: FromWorker): void {
    switch (message.type) {
      case "result":
        this.#track(this.#onResult(worker, message));
        break;
      case "wait":
        this.#track(this.#onWait(worker, message));
        break;
      case "stopping":
        this.#active.get(message.run)?.heard();
        break;
      case "abandoned":
        this.#fleet?.replace(worker);
        break;
      case "spans":
        this.#onSpans(worker, message);
        break;
      case "log":
        this.#announcer.logged(message);
    }
  }

  #onSpans(worker: TaskWorker, message: FromWorker & { type: "spans" }): void {
    const run = this.#find(worker, message.run, message.attempt);
    if (run) this.#announcer.spans(run.row, message.spans);
  }

  async #onResult(worker: TaskWorker, message: FromWorker & { type: "result" }): Promise<void> {
    const run = this.#find(worker, message.run, message.attempt);
    if (!run) return;
    run.settled = true;
    this.#announcer.spans(run.row, message.spans);
    if (message.metadata) {
      // Metadata that can't be kept must not keep its run from ending.
      await this.#changeMetadata(run.row, message.metadata).catch((error: unknown) => this.#report(error));
    }
    await this.#settle(run, message.result, message.durationMs);
  }

  async #settle(run: ActiveRun, result: TaskRunExecutionResult, durationMs: number): Promise<void> {
    const { row, worker } = run;
    const { pool } = this.#options;
    const decision = decide(row, result, run.stopped, worker.tasks.get(row.task), worker.config);
    const written = await this.#write(() =>
      decision.kind === "end"
        ? finishRun(pool, this.#key(run), { ...decision.ending, durationMs })
        : retryRun(pool, this.#key(run), { ...decision, durationMs }),
    ).catch((error: unknown) => this.#failToWrite(run, error, durationMs));
    this.#release(run);
    if (written) this.#announceResult(written, decision);
    this.wake();
  }

  #announceResult(row: RunRow, decision: Decision): void {
    if (hasEnded(row.status) || decision.kind === "end") this.#announcer.ended(row);
    else {
      this.#announcer.retrying(row, decision.delayMs);
      this.#passes.wakeAt(row.ready_at);
    }
  }

  /** A result that can't be written must not leave its run executing for ever. */
  #failToWrite(run: ActiveRun, error: unknown, durationMs: number): Promise<RunRow | undefined> {
    if (this.#stopped) throw error;
    const raw = `The result could not be written: ${messageOf(error)}`;
    const ending = { status: "SYSTEM_FAILURE", error: { type: "STRING_ERROR", raw }, durationMs } as const;
    return finishRun(this.#options.pool, this.#key(run), ending);
  }

  async #onWait(worker: TaskWorker, message: FromWorker & { type: "wait" }): Promise<void> {
    const run = this.#find(worker, message.run, message.attempt);
    if (!run) return;
    const { pool, waitFor } = this.#options;
    run.pause();
    const waiting = await this.#write(() => markWaiting(pool, this.#key(run), true));
    if (waiting) this.#announcer.became("run-waiting", waiting);
    this.wake();
    // Not one of the writes that stopping waits for: it may take days.
    void waitFor(message.target).then(
      (result) => this.#track(this.#resume(worker, run, message.wait, result)),
      (error: unknown) => this.#report(error),
    );
  }

  async #resume(worker: TaskWorker, run: ActiveRun, wait: number, result: WaitResult): Promise<void> {
    if (this.#stopped || this.#active.get(run.row.id) !== run || run.settled) return;
    const { pool } = this.#options;
    const resumed = await this.#write(() => markWaiting(pool, this.#key(run), false));
    if (resumed) this.#announcer.changed(resumed);
    run.resume();
    worker.send({ type: "resume", wait, result });
  }

  /** A worker ended: its runs go back to the queue, but for those it was ended for. */
  async onLost(worker: TaskWorker, reason: string): Promise<void> {
    const runs = [...worker.runs].flatMap((id) => this.#active.get(id) ?? []);
    const guilty = runs.filter((run) => run.stopped !== undefined && !run.settled);
    const others = runs.filter((run) => run.stopped === undefined && !run.settled);
    for (const run of runs) run.stopClock();
    for (const run of guilty) await this.#settleStopped(run);
    const requeued = await this.#giveBack(others, guilty.length > 0 ? undefined : reason);
    // Not before: the sweep gives back what this server has and doesn't know.
    for (const run of others) this.#release(run);
    for (const row of requeued) {
      if (hasEnded(row.status)) this.announceEnded(row);
      else this.announceReady(row);
    }
    if (reason !== "") this.#announcer.workerLost(reason, requeued.length);
    this.wake();
  }

  /** Runs that wait or didn't begin can't be what ended their process, and none can where that is known (no `reason`). */
  async #giveBack(runs: ActiveRun[], reason: string | undefined): Promise<RunRow[]> {
    const { pool, owner } = this.#options;
    const suspect = (run: ActiveRun) => reason !== undefined && run.began && !run.waiting;
    const ids = (some: ActiveRun[]) => some.map(({ row }) => row.id);
    return [
      ...(await this.#write(() => requeueRuns(pool, owner, ids(runs.filter((run) => !suspect(run)))))),
      ...(await this.#write(() => loseRuns(pool, owner, ids(runs.filter(suspect)), reason ?? ""))),
    ];
  }

  async #settleStopped(run: ActiveRun): Promise<void> {
    const { id } = run.row;
    const result: TaskRunExecutionResult = {
      ok: false,
      id,
      error: {
        type: "INTERNAL_ERROR",
        code: "TASK_RUN_CANCELLED",
        message: "The run ignored its aborted signal.",
      },
    };
    run.settled = true;
    await this.#settle(run, result, run.elapsed);
  }

  /** Takes no more runs; what is in flight is given back when the server's identity ends. */
  async stopClaiming(): Promise<void> {
    this.#stopped = true;
    await this.#passes.stop();
    await Promise.allSettled(this.#writing);
    for (const run of this.#active.values()) run.stopClock();
  }

  announceQueued(row: RunRow): void {
    this.#announcer.became("run-queued", row);
    this.#passes.wakeAt(row.ready_at);
  }

  /** Tells of a run that is ready, or will be. */
  announceReady(row: RunRow): void {
    this.#announcer.changed(row);
    this.#passes.wakeAt(row.ready_at);
  }

  announceEnded(row: RunRow): void {
    this.#announcer.ended(row);
  }

  async #changeMetadata(row: RunRow, changes: Parameters<typeof changeMetadata>[2]): Promise<void> {
    const { changed } = await this.#write(() => changeMetadata(this.#options.pool, row, changes));
    for (const one of changed) this.#announcer.changed(one);
  }

  #find(worker: TaskWorker, id: string, attempt: number): ActiveRun | undefined {
    const run = this.#active.get(id);
    return run?.worker === worker && run.row.attempt_count === attempt && !run.settled ? run : undefined;
  }

  #release(run: ActiveRun): void {
    run.stopClock();
    run.worker.runs.delete(run.row.id);
    if (this.#active.get(run.row.id) === run) this.#active.delete(run.row.id);
    this.#fleet?.releaseIfDone(run.worker);
  }

  #key(run: ActiveRun): AttemptKey {
    return { run: run.row.id, attempt: run.row.attempt_count, owner: this.#options.owner };
  }

  #write<T>(work: () => Promise<T>): Promise<T> {
    return untilWritten(work, () => this.#stopped);
  }

  #report(error: unknown): void {
    if (!this.#stopped) this.#announcer.failed(messageOf(error));
  }

  #track(work: Promise<unknown>): void {
    const tracked = work.catch((error: unknown) => this.#report(error));
    this.#writing.add(tracked);
    void tracked.finally(() => this.#writing.delete(tracked));
  }
}
