// From the call that triggers to the first line of the task's code, one after the other, against raw graphile-worker in the same run.
import { startRuntime } from "@behalf/cli";
import { configure, runs, tasks } from "@trigger.dev/sdk";
import { percentile } from "./report.mjs";
import { withGraphile, withProject } from "./runtime.mjs";

const triggers = 300;
const warmup = 20;
// Two processes: both read the wall clock, in fractions of a millisecond.
const now = () => performance.timeOrigin + performance.now();
const show = (times) =>
  `p50 ${percentile(times, 0.5).toFixed(1)} ms, p95 ${percentile(times, 0.95).toFixed(1)} ms`;

const graphileTimes = (url) =>
  withGraphile(url, async ({ start }) => {
    let begun;
    const worker = await start({ stamp: async () => begun(now()) });
    const times = [];
    for (let i = -warmup; i < triggers; i++) {
      const start = new Promise((resolve) => {
        begun = resolve;
      });
      const called = now();
      await worker.addJob("stamp", {});
      const time = (await start) - called;
      if (i >= 0) times.push(time);
    }
    await worker.stop();
    return times;
  });

async function runtimeTimes() {
  const times = [];
  for (let i = -warmup; i < triggers; i++) {
    const called = now();
    const { id } = await tasks.trigger("stamp", undefined);
    for await (const run of runs.subscribeToRun(id)) {
      if (!run.isCompleted) continue;
      if (i >= 0) times.push(run.output - called);
      break;
    }
  }
  return times;
}

await withProject(
  `export const stamp = task({ id: "stamp", run: async () => performance.timeOrigin + performance.now() });`,
  async (options) => {
    const raw = await graphileTimes(options.adminDatabaseUrl);
    const runtime = await startRuntime(options);
    try {
      configure({ baseURL: runtime.apiUrl, accessToken: runtime.secretKey });
      const ours = await runtimeTimes();
      const ratio = percentile(ours, 0.5) / percentile(raw, 0.5);
      console.log(
        `trigger to start: ${ratio.toFixed(3)}× (${show(ours)} through the SDK / ${show(raw)} of raw graphile-worker)`,
      );
    } finally {
      await runtime.stop();
    }
  },
);
