// From trigger to result through the published SDK, and how many empty tasks a second, against raw graphile-worker in the same run.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { startRuntime, startStack } from "@behalf/cli";
import { configure, runs, tasks } from "@trigger.dev/sdk";
import { median, percentile } from "./report.mjs";

const many = 2_000;
const rounds = 3;
const triggers = 200;
const root = fileURLToPath(new URL("../", import.meta.url));
const cli = createRequire(join(root, "packages/cli/package.json"));
const load = (name) => import(pathToFileURL(cli.resolve(name)).href);
const [{ default: graphile }, { default: pg }] = [await load("graphile-worker"), await load("pg")];

mkdirSync(join(root, "artifacts"), { recursive: true });
const project = mkdtempSync(join(root, "artifacts", "bench-trigger-"));
mkdirSync(join(project, "trigger"));
writeFileSync(join(project, "package.json"), '{ "type": "module" }');
writeFileSync(
  join(project, "trigger/empty.js"),
  `import { task } from "@trigger.dev/sdk";
export const empty = task({ id: "empty", run: async () => {} });`,
);

async function graphileRate(url) {
  const pool = new pg.Pool({ connectionString: url, max: 16 });
  pool.on("error", () => {});
  pool.on("connect", (client) => client.on("error", () => {}));
  const silent = new graphile.Logger(() => () => {});
  let done = 0;
  let finished;
  const worker = await graphile.run({
    pgPool: pool,
    // As the runtime itself uses it.
    concurrency: 20,
    preset: { worker: { localQueue: { size: 100 }, completeJobBatchDelay: 5 } },
    noHandleSignals: true,
    logger: silent,
    taskList: {
      empty: async () => {
        done += 1;
        if (done === many) finished();
      },
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
  await pool.end();
  return median(rates);
}

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

const directory = join(project, ".behalf");
const stack = await startStack({ directory });
try {
  const url = new URL(stack.adminDatabaseUrl);
  const admin = new pg.Client({ connectionString: url.href });
  await admin.connect();
  await admin.query("create database bench_graphile");
  await admin.end();
  url.pathname = "/bench_graphile";
  const raw = await graphileRate(url.href);
  const runtime = await startRuntime({
    project,
    directory,
    adminDatabaseUrl: stack.adminDatabaseUrl,
    environment: {},
  });
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
} finally {
  await stack.stop();
  rmSync(project, { recursive: true, force: true });
}
