// From trigger to result through the published SDK, and how many empty tasks a second, against raw graphile-worker in the same run.
import { startRuntime } from "@behalf/cli";
import { configure, runs, tasks } from "@trigger.dev/sdk";
import { median, percentile } from "./report.mjs";
import { withGraphile, withProject } from "./runtime.mjs";

const many = 2_000;
const rounds = 3;
const triggers = 200;

const graphileRate = (url) =>
  withGraphile(url, async ({ start }) => {
    let done = 0;
    let finished;
    const worker = await start({
      empty: async () => {
        done += 1;
        if (done === many) finished();
      },
    });
    const rates = [];
    for (let round = 0; round < rounds; round++) {
      done = 0;
      const all = new Promise((resolve) => {
        finished = resolve;
      });
      const started = performance.now();
      await Promise.all(Array.from({ length: many }, () => worker.addJob("empty", {})));
      await all;
      rates.push(many / ((performance.now() - started) / 1000));
    }
    await worker.stop();
    return median(rates);
  });

async function runtimeRate(runtime) {
  const rates = [];
  for (let round = 0; round < rounds; round++) {
    const started = performance.now();
    const ids = await Promise.all(Array.from({ length: many }, () => runtime.trigger("empty", undefined)));
    await Promise.all(ids.map(({ id }) => runtime.waitForRun(id)));
    rates.push(many / ((performance.now() - started) / 1000));
  }
  return median(rates);
}

async function latencies() {
  const times = [];
  for (let i = 0; i < triggers; i++) {
    const started = performance.now();
    const { id } = await tasks.trigger("empty", undefined);
    for await (const run of runs.subscribeToRun(id)) if (run.isCompleted) break;
    times.push(performance.now() - started);
  }
  return times;
}

await withProject(`export const empty = task({ id: "empty", run: async () => {} });`, async (options) => {
  const raw = await graphileRate(options.adminDatabaseUrl);
  const runtime = await startRuntime(options);
  try {
    configure({ baseURL: runtime.apiUrl, accessToken: runtime.secretKey });
    const rate = await runtimeRate(runtime);
    const times = await latencies();
    const [p50, p95] = [percentile(times, 0.5), percentile(times, 0.95)].map((ms) => ms.toFixed(1));
    console.log(`trigger to result through the SDK: p50 ${p50} ms, p95 ${p95} ms`);
    const ratio = rate / raw;
    const verdict = `goal ≥ 0.5× ${ratio >= 0.5 ? "met" : "MISSED"}`;
    const figures = `${Math.round(rate)} runs/s / ${Math.round(raw)} jobs/s of raw graphile-worker`;
    console.log(`empty tasks: ${ratio.toFixed(3)}× (${figures}) ${verdict}`);
  } finally {
    await runtime.stop();
  }
});
