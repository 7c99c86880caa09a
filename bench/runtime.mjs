// Shared by the benchmarks of the runtime: a project in a folder, a stack, and raw graphile-worker to compare with.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { startStack } from "@behalf/cli";

const root = fileURLToPath(new URL("../", import.meta.url));
const cli = createRequire(join(root, "packages/cli/package.json"));
const load = (name) => import(pathToFileURL(cli.resolve(name)).href);
const [{ default: graphile }, { default: pg }] = [await load("graphile-worker"), await load("pg")];

/** Has `work` measure on a stack of its own, for a project with these tasks. Inside the workspace, so that imports resolve. */
export async function withProject(tasks, work) {
  mkdirSync(join(root, "artifacts"), { recursive: true });
  const project = mkdtempSync(join(root, "artifacts", "bench-runtime-"));
  mkdirSync(join(project, "trigger"));
  writeFileSync(join(project, "package.json"), '{ "type": "module" }');
  writeFileSync(
    join(project, "trigger/tasks.js"),
    `import { logger, task } from "@trigger.dev/sdk";\n${tasks}`,
  );
  const directory = join(project, ".behalf");
  const stack = await startStack({ directory });
  const { adminDatabaseUrl } = stack;
  try {
    // What startRuntime takes.
    await work({ project, directory, adminDatabaseUrl, environment: {} });
  } finally {
    await stack.stop();
    rmSync(project, { recursive: true, force: true });
  }
}

/** Raw graphile-worker, used as the runtime itself uses it, in a database of its own. */
export async function withGraphile(adminDatabaseUrl, work) {
  const url = await createDatabase(adminDatabaseUrl, "bench_graphile");
  const pool = new pg.Pool({ connectionString: url, max: 16 });
  pool.on("error", () => {});
  pool.on("connect", (client) => client.on("error", () => {}));
  const logger = new graphile.Logger(() => () => {});
  const common = { pgPool: pool, noHandleSignals: true, logger };
  await graphile.runMigrations({ pgPool: pool, logger });
  try {
    return await work({
      utils: await graphile.makeWorkerUtils({ pgPool: pool, logger }),
      start: (taskList) =>
        graphile.run({
          ...common,
          concurrency: 20,
          preset: { worker: { localQueue: { size: 100 }, completeJobBatchDelay: 5 } },
          taskList,
        }),
    });
  } finally {
    await pool.end();
  }
}

async function createDatabase(adminDatabaseUrl, name) {
  const url = new URL(adminDatabaseUrl);
  await query(url.href, `create database ${name}`);
  url.pathname = `/${name}`;
  return url.href;
}

/** One statement in the cluster's default database or in another. */
export async function query(databaseUrl, text, database) {
  const url = new URL(databaseUrl);
  if (database) url.pathname = `/${database}`;
  const client = new pg.Client({ connectionString: url.href });
  await client.connect();
  try {
    return (await client.query(text)).rows;
  } finally {
    await client.end();
  }
}
