import { stringifyIO, type TaskRunExecutionResult } from "@trigger.dev/core/v3";
import type pg from "pg";
import { ApiFailure } from "../api/failure.js";
import { untilWritten } from "../database/retry.js";
import type { Changes } from "../dispatch/changes.js";
import type { Engine } from "../dispatch/engine.js";
import type { ProjectConfig, TaskManifest } from "../worker/messages.js";
import { cancelRun } from "./cancel.js";
import { insertRun } from "./insert.js";
import type { InsertedRun, NewRun } from "./new-run.js";
import { queueOf } from "./queues.js";
import { readRun } from "./read.js";
import { toExecutionResult } from "./result.js";
import { hasEnded, type RunRow, type TriggerRequestOptions } from "./row.js";

/** A task that isn't there was triggered. */
export class UnknownTaskError extends ApiFailure {
  constructor(message: string) {
    super(404, message);
    this.name = "UnknownTaskError";
  }
}

/** What a run belongs to, besides its task. */
export type RunOrigin = Pick<NewRun, "id" | "batch" | "scheduleId" | "isReplay">;

export interface RunServiceOptions {
  pool: pg.Pool;
  engine: Engine;
  changes: Changes;
  tasks(): ReadonlyMap<string, TaskManifest>;
  config(): ProjectConfig | undefined;
}

/** What can be done with runs, whoever asks: the API, a schedule, the program that started the runtime. */
export class RunService {
  readonly #options: RunServiceOptions;

  constructor(options: RunServiceOptions) {
    this.#options = options;
  }

  /** Completes a request with what the task's file says. */
  prepare(
    taskId: string,
    payload: string | undefined,
    options: TriggerRequestOptions,
    origin: RunOrigin = {},
  ): NewRun {
    const { tasks, config } = this.#options;
    const task = tasks().get(taskId);
    if (!task) {
      const known = [...tasks().keys()].join(", ") || "none";
      throw new UnknownTaskError(`There is no task ${JSON.stringify(taskId)}. There are: ${known}.`);
    }
    const ttl = options.ttl ?? task.ttl ?? config()?.ttl;
    return {
      task: taskId,
      payload,
      // Kept with the run, so that it can be shown, and named when it is over.
      options: ttl === undefined ? options : { ...options, ttl },
      queue: options.queue?.name ?? queueOf(task),
      maxDuration: options.maxDuration ?? task.maxDuration ?? config()?.maxDuration,
      ttl,
      ...origin,
    };
  }

  /** Accepts a run whose payload is serialised already. */
  async accept(
    taskId: string,
    payload: string | undefined,
    options: TriggerRequestOptions,
    origin: RunOrigin = {},
  ): Promise<InsertedRun> {
    const inserted = await insertRun(this.#options.pool, this.prepare(taskId, payload, options, origin));
    if (!inserted.isCached) this.announce(inserted.row);
    return inserted;
  }

  /** Tells of a run that was just committed. */
  announce(row: RunRow): void {
    this.#options.engine.announceQueued(row);
  }

  /** Tells of a run that will be ready at another time. */
  announceMoved(row: RunRow): void {
    this.#options.engine.announceReady(row);
  }

  /** Accepts a run whose payload is a value. */
  async trigger(taskId: string, payload: unknown, options: TriggerRequestOptions): Promise<InsertedRun> {
    const packet = await stringifyIO(payload);
    return this.accept(taskId, packet.data, { ...options, payloadType: packet.dataType });
  }

  /** Cancels a run and those it triggered. False: there is no such run. */
  async cancel(id: string): Promise<boolean> {
    const { pool, engine } = this.#options;
    for (const row of await cancelRun(pool, id)) {
      if (hasEnded(row.status)) engine.announceEnded(row);
      else engine.stop(row.id, "cancelled");
    }
    engine.wake();
    return (await readRun(pool, id)) !== undefined;
  }

  /** The run once it has ended; undefined: there is no such run. */
  async ended(id: string): Promise<RunRow | undefined> {
    const { pool, changes } = this.#options;
    const ending = changes.ended(id);
    // A parent that waits has to outlast a restart of Postgres.
    const row = await untilWritten(
      () => readRun(pool, id),
      () => false,
    );
    if (!row) {
      changes.forget(id);
      return undefined;
    }
    if (hasEnded(row.status)) changes.settle(row);
    return ending;
  }

  /** What a run gives the parent that waits for it. */
  async resultOf(id: string): Promise<TaskRunExecutionResult> {
    const row = await this.ended(id);
    if (row) return toExecutionResult(row);
    return { ok: false, id, error: { type: "STRING_ERROR", raw: "The run doesn't exist any more." } };
  }
}
