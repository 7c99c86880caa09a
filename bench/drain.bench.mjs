// 10,000 queued runs of an empty task, from the moment their queue goes on until the last has ended, against raw graphile-worker.
import { startRuntime } from "@behalf/cli";
import { configure, queues } from "@trigger.dev/sdk";
import { withGraphile, withProject } from "./runtime.mjs";

const many = 10_000;

const graphileRate = (url) =>
  withGraphile(url, async ({ utils, start }) => {
    await utils.addJobs(Array.from({ length: many }, () => ({ identifier: "empty", payload: {} })));
    let done = 0;
    let finished;
    const all = new Promise((resolve) => {
      finished = resolve;
    });
    const started = performance.now();
    const worker = await start({
      empty: async () => {
        done += 1;
        if (done === many) finished();
      },
    });
    await all;
    const seconds = (performance.now() - started) / 1000;
    await worker.stop();
    return many / seconds;
  });

async function runtimeRate(options) {
  let done = 0;
  let finished;
  const all = new Promise((resolve) => {
    finished = resolve;
  });
  const onEvent = ({ type }) => {
    if (type !== "run-finished") return;
    done += 1;
    if (done === many) finished();
  };
  const runtime = await startRuntime({ ...options, onEvent });
  try {
    configure({ baseURL: runtime.apiUrl, accessToken: runtime.secretKey });
    const queue = { type: "task", name: "empty" };
    await queues.pause(queue);
    for (let queued = 0; queued < many; queued += 1000) {
      await Promise.all(Array.from({ length: 1000 }, () => runtime.trigger("empty", undefined)));
    }
    const started = performance.now();
    await queues.resume(queue);
    await all;
    return many / ((performance.now() - started) / 1000);
  } finally {
    await runtime.stop();
  }
}

await withProject(`export const empty = task({ id: "empty", run: async () => {} });`, async (options) => {
  const raw = await graphileRate(options.adminDatabaseUrl);
  const rate = await runtimeRate(options);
  const ratio = rate / raw;
  console.log(
    `${many} queued runs drained: ${ratio.toFixed(3)}× (${Math.round(rate)} runs/s / ${Math.round(raw)} jobs/s of raw graphile-worker, whose jobs do nothing in its own process)`,
  );
});
