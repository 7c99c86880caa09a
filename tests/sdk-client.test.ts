import { execFile } from "node:child_process";
import { mkdtemp, readFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { type Runtime, type Stack, startRuntime, startStack } from "@behalf/cli";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createProject, type TestProject } from "./support/projects.ts";
import { workspace } from "./support/workspace.ts";

const tasks = `import { batch, metadata, runs, schedules, task, tasks, wait } from "@trigger.dev/sdk";
import { setTimeout as sleep } from "node:timers/promises";
export const echo = task({ id: "echo", run: async (payload: unknown) => payload });
export const kinds = task({ id: "kinds", run: async (payload: object) => Object.fromEntries(Object.entries(payload).map(([name, value]) => [name, value.constructor.name])) });
let place = 0;
export const counts = task({ id: "counts", queue: { concurrencyLimit: 1 }, run: async () => ({ place: place++ }) });
const running = new Map<string, number>();
export const oneAKey = task({ id: "one-a-key", queue: { concurrencyLimit: 1 }, run: async ({ key }: { key: string }) => {
  const now = (running.get(key) ?? 0) + 1;
  running.set(key, now);
  await sleep(30);
  running.set(key, (running.get(key) ?? 0) - 1);
  return now;
} });
export const sleeps = task({ id: "sleeps", run: async (_: unknown, { signal }) => sleep(60_000, undefined, { signal }) });
export const expires = task({ id: "expires", run: async () => {} });
export const fails = task({ id: "fails", retry: { maxAttempts: 1 }, run: async () => { throw new Error("on purpose"); } });
export const waits = task({ id: "waits", run: async ({ token }: { token: string }) => {
  const result = await wait.forToken<unknown>(token);
  return result.ok ? result.output : "timed out";
} });
export const child = task({ id: "child", run: async (n: number) => { metadata.parent.increment("children", 1); metadata.root.set("root", "child"); await metadata.flush(); return n; } });
export const parent = task({ id: "parent", run: async ({ n }: { n: number }) => {
  const one = await child.triggerAndWait(n).unwrap();
  const many = await batch.triggerByTaskAndWait([{ task: echo, payload: 1 }, { task: echo, payload: 2 }]);
  const unwrapped = await fails.triggerAndWait().unwrap().catch((error: Error) => (error.cause as Error).message);
  const subscribed = await tasks.triggerAndSubscribe("echo", 5).unwrap();
  const before = Date.now();
  await wait.for({ seconds: 6 });
  return { one, batch: many.runs.map((run) => run.ok && run.output), unwrapped, subscribed, waited: Date.now() - before >= 6000 };
} });
export const parallel = task({ id: "parallel", retry: { maxAttempts: 1 }, run: async () => { await Promise.all([echo.triggerAndWait(1), echo.triggerAndWait(2)]); } });
export const nightly = schedules.task({ id: "nightly", run: async () => {} });
`;

let project: TestProject;
let stack: Stack;
let runtime: Runtime;
beforeAll(async () => {
  project = await createProject({ "package.json": '{ "type": "module" }', "trigger/tasks.ts": tasks });
  const directory = await mkdtemp(join(project.folder, "state-"));
  stack = await startStack({ directory });
  const { adminDatabaseUrl } = stack;
  runtime = await startRuntime({ project: project.folder, directory, adminDatabaseUrl, environment: {} });
});
afterAll(async () => {
  await runtime?.stop();
  await stack?.stop();
  await project?.remove();
});

test("a process that has only the published SDK drives every row of the API", async () => {
  expect(runtime.problems()).toEqual([]);
  const client = join(workspace, "tests/fixtures/sdk-client.mjs");
  const { stdout } = await promisify(execFile)(process.execPath, [client], {
    env: { PATH: process.env.PATH, TRIGGER_API_URL: runtime.apiUrl, TRIGGER_SECRET_KEY: runtime.secretKey },
  });
  const rows = [...(await readFile(client, "utf8")).matchAll(/^ {2}async "?([^"(]+)"?\(/gm)].map(
    ([, name]) => name,
  );
  expect(stdout.trim().split("\n")).toEqual(rows);
});
