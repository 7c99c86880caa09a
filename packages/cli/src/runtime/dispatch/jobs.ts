import { setTimeout as sleep } from "node:timers/promises";
import { Logger, type Runner, run } from "graphile-worker";
import type pg from "pg";

export interface Jobs {
  stop(): Promise<void>;
}

/** How soon a worker that ended is started again, in milliseconds. */
const pause = 500;

/**
 * Turns durable wake-up jobs into looks for ready runs. The jobs come with the transaction that makes a run ready, so none is forgotten;
 * many at once share one look. graphile-worker ends when Postgres does; it is then started again.
 */
export async function startJobs(pool: pg.Pool, wake: () => Promise<void>): Promise<Jobs> {
  let stopped = false;
  let runner: Runner | undefined = await startRunner(pool, wake);
  const supervising = (async () => {
    while (!stopped) {
      await runner?.promise.catch(() => {});
      if (!stopped) await sleep(pause);
      if (!stopped) runner = await startRunner(pool, wake).catch(() => undefined);
    }
  })();
  // One that is ending already refuses to stop.
  const stopRunner = () => runner?.stop().catch(() => {});
  return {
    async stop() {
      stopped = true;
      await stopRunner();
      await supervising;
      // Another may have been starting meanwhile.
      await stopRunner();
    },
  };
}

function startRunner(pool: pg.Pool, wake: () => Promise<void>): Promise<Runner> {
  return run({
    pgPool: pool,
    concurrency: 20,
    pollInterval: 1000,
    noHandleSignals: true,
    // A look that fails because Postgres is away leaves nothing to repeat: the sweep looks as soon as it is back.
    taskList: { wake: () => wake().catch(() => {}) },
    logger: new Logger(() => () => {}),
    // Unbatched, a failure to say that a job failed would end this process.
    preset: { worker: { localQueue: { size: 100 }, completeJobBatchDelay: 5, failJobBatchDelay: 5 } },
  });
}
