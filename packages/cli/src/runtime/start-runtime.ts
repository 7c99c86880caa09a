import { createApi } from "./api/app.js";
import { createAreas } from "./api/areas.js";
import type { ApiContext } from "./api/context.js";
import { listen } from "./api/listen.js";
import { openDatabase } from "./database/open.js";
import { Changes } from "./dispatch/changes.js";
import { Engine } from "./dispatch/engine.js";
import { startJobs } from "./dispatch/jobs.js";
import { recoverDeadServers, ServerIdentity } from "./dispatch/server-identity.js";
import { startSweep } from "./dispatch/sweep.js";
import { createWaitFor } from "./dispatch/wait-for.js";
import { messageOf, RuntimeError } from "./errors.js";
import { watchProject } from "./files/watch.js";
import { RunLog } from "./logs/run-log.js";
import { saveQueues, settleQueued } from "./runs/queues.js";
import { toRunRecord } from "./runs/result.js";
import { startRetention } from "./runs/retention.js";
import { RunService } from "./runs/service.js";
import { requeueRuns } from "./runs/update.js";
import { keepSecretKey } from "./secret-key.js";
import type { Runtime, RuntimeEvent, RuntimeOptions } from "./types.js";
import { Fleet, toTaskInfo } from "./workers/fleet.js";

/**
 * Starts a local Trigger.dev for a project: the API that the published SDK calls, a kept queue, and processes that execute the tasks.
 *
 * @throws {RuntimeError} `ERR_RUNTIME_DATABASE`, `ERR_RUNTIME_PORT`, `ERR_RUNTIME_WORKER`.
 * @example
 * ```ts
 * const runtime = await startRuntime({ project, directory, adminDatabaseUrl: stack.adminDatabaseUrl, environment });
 * const { id } = await runtime.trigger("hello", { name: "Ada" });
 * const run = await runtime.waitForRun(id);
 * ```
 */
export async function startRuntime(options: RuntimeOptions): Promise<Runtime> {
  const undo: (() => Promise<unknown>)[] = [];
  const stopAll = async () => {
    const failures: unknown[] = [];
    for (const step of undo.splice(0).reverse()) await step().catch((error) => failures.push(error));
    if (failures.length > 0) throw failures[0];
  };
  try {
    return await start(options, undo, stopAll);
  } catch (error) {
    await stopAll().catch(() => {});
    throw error;
  }
}

async function start(
  options: RuntimeOptions,
  undo: (() => Promise<unknown>)[],
  stopAll: () => Promise<void>,
): Promise<Runtime> {
  const secretKey = options.secretKey ?? (await keepSecretKey(options.directory));
  const database = await openDatabase(options.adminDatabaseUrl);
  const { pool } = database;
  undo.push(() => database.close());
  const log = new RunLog(pool);
  undo.push(() => log.stop());
  const listeners = new Set<(event: RuntimeEvent) => void>(options.onEvent && [options.onEvent]);
  const emit = (event: RuntimeEvent) => {
    log.record(event);
    for (const listener of listeners) listener(event);
  };
  const identity = await ServerIdentity.open(pool, database.url);
  undo.push(() => identity.close());

  const changes = new Changes();
  const engine: Engine = new Engine({
    pool,
    owner: identity.id,
    concurrency: options.concurrency ?? 1000,
    killAfter: options.killAfter ?? 2000,
    changes,
    emit,
    waitFor: (target) => waitFor(target),
  });
  const runs = new RunService({
    pool,
    engine,
    changes,
    tasks: () => fleet.tasks,
    config: () => fleet.current?.config,
  });
  let url = "";
  const context: ApiContext = {
    pool,
    runs,
    changes,
    secretKey,
    url: () => url,
    publicUrl: () => options.publicUrl ?? url,
    now: options.now ?? Date.now,
    tasks: () => fleet.tasks,
  };
  const areas = createAreas(context, log);
  undo.push(() => areas.stop());
  const waitFor = createWaitFor({ runs, areas });
  const api = createApi(context, areas);
  const listening = await listen(api, options.port ?? 0);
  undo.push(() => listening.close());
  url = listening.url;

  const fleet: Fleet = new Fleet({
    project: options.project,
    environment: { ...options.environment, TRIGGER_API_URL: url, TRIGGER_SECRET_KEY: secretKey },
    onMessage: (worker, message) => engine.onMessage(worker, message),
    onLost: (worker, reason) => void engine.onLost(worker, reason).catch(() => {}),
    async onLoaded(loaded) {
      await saveQueues(pool, loaded);
      const ids = loaded.tasks.map((task) => task.id);
      for (const row of await settleQueued(pool, ids)) changes.announce(row);
      engine.wake();
      return areas.saveSchedules();
    },
    emit,
  });
  engine.useFleet(fleet);
  // What is still in flight goes back into the queue, so that the next start finds it at once. Should Postgres be away, that start sees
  // that this server is dead.
  undo.push(() => requeueRuns(pool, identity.id).catch(() => {}));
  undo.push(() => fleet.stop());
  undo.push(() => engine.stopClaiming());
  await fleet.reload();
  for (const row of await recoverDeadServers(pool, identity.id)) changes.announce(row);

  const jobs = await startJobs(pool, () => engine.dispatch());
  undo.push(() => jobs.stop());
  const sweep = startSweep({
    pool,
    identity,
    engine,
    changes,
    tasks: () => [...fleet.tasks.keys()],
    interval: 1000,
  });
  undo.push(() => sweep.stop());
  const retention = startRetention(pool, options.keepRuns ?? 10_000);
  undo.push(() => retention.stop());
  const watching = watchProject(options.project, () => {
    fleet
      .reload()
      .catch((error: unknown) => emit({ type: "log", level: "error", message: messageOf(error) }));
  });
  undo.push(() => watching.close());
  engine.wake();

  let stopping: Promise<void> | undefined;
  return {
    apiUrl: url,
    secretKey,
    tasks: () => [...fleet.tasks.values()].map(toTaskInfo),
    problems: () => [...fleet.problems],
    reload: () => fleet.reload(),
    async trigger(task, payload, more = {}) {
      const { row } = await runs.trigger(task, payload, more);
      return { id: row.id };
    },
    async waitForRun(id) {
      const row = await runs.ended(id);
      if (row) return toRunRecord(row);
      throw new RuntimeError("ERR_RUNTIME_NO_RUN", `There is no run ${id}. Check its id with runs.list().`);
    },
    recordRequest: (request) => emit({ type: "request", request }),
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    stop() {
      stopping ??= stopAll();
      return stopping;
    },
  };
}
