import { Logger, type Runner, run } from "graphile-worker";
import type pg from "pg";

/**
 * Turns durable wake-up jobs into looks for ready runs. The jobs come with the transaction that makes a run ready, so none is forgotten;
 * many at once share one look.
 */
export async function startJobs(pool: pg.Pool, wake: () => Promise<void>): Promise<Runner> {
  const runner = await run({
    pgPool: pool,
    concurrency: 20,
    pollInterval: 1000,
    noHandleSignals: true,
    taskList: { wake },
    logger: new Logger(() => () => {}),
    preset: { worker: { localQueue: { size: 100 }, completeJobBatchDelay: 5 } },
  });
  // Should it end because Postgres was away, the sweep still finds every run; unhandled, it would end this process.
  runner.promise.catch(() => {});
  return runner;
}
