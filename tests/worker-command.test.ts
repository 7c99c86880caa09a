import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { parseEnv } from "node:util";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { behalfCommand, type Started, startBehalfCommand } from "./support/behalf.ts";
import { createProject, type TestProject } from "./support/projects.ts";

const files = {
  "package.json": JSON.stringify({ type: "module" }),
  "trigger.config.ts": `import { defineConfig } from "@trigger.dev/sdk";
export default defineConfig({ project: "proj_worker", dirs: ["./trigger"], maxDuration: 60 });`,
  "trigger/tasks.ts": `import { existsSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { task, wait } from "@trigger.dev/sdk";
export const occupy = task({
  id: "occupy",
  run: async ({ until }: { until: string }) => {
    while (!existsSync(until)) await sleep(50);
  },
});
export const report = task({
  id: "report",
  run: async () => ({
    machine: process.env.MACHINE,
    supabase: process.env.SUPABASE_URL,
    superuser: Object.entries(process.env).filter(([name, value]) => name === "BEHALF_DATABASE_URL" || value?.includes("supabase_admin")),
  }),
});
// Never ends on the second machine; on the first it waits for the token that the second made.
export const movable = task({
  id: "movable",
  run: async ({ started }: { started: string }, { ctx }) => {
    const { id, url } = await wait.createToken({ idempotencyKey: ctx.run.id });
    if (process.env.MACHINE !== "second")
      return { attempt: ctx.attempt.number, token: id, answer: await wait.forToken(id).unwrap() };
    await writeFile(started, JSON.stringify({ pid: process.pid, token: id, url }));
    for (;;) await sleep(1000);
  },
});`,
};

let first: TestProject;
let second: TestProject;
let dev: Started;
let variables: Record<string, string>;

beforeAll(async () => {
  first = await createProject(files);
  second = await createProject(files);
  // One run at a time: the next is the other machine's.
  dev = startBehalfCommand(["dev", "--concurrency", "1"], { cwd: first.folder });
  await vi.waitFor(() => expect(dev.output()).toMatch(/Ctrl-C stops/), { timeout: 60_000 });
  const printed = await behalfCommand(["status", "--env"], { cwd: first.folder });
  variables = parseEnv(printed.stdout) as Record<string, string>;
});
afterAll(async () => {
  dev.child.kill("SIGINT");
  await dev.ended;
  await first.remove();
  await second.remove();
});

const server = () => variables.TRIGGER_API_URL ?? "";
const startWorker = async (args: string[], env: Record<string, string | undefined>, cwd = second.folder) => {
  const worker = startBehalfCommand(["worker", ...args], { cwd, env });
  await expect
    .poll(() => [worker.output(), worker.child.exitCode])
    .toEqual([expect.stringMatching(/Working for/), null]);
  return worker;
};
const ask = async (path: string, body?: object) => {
  const response = await fetch(`${server()}${path}`, {
    headers: { authorization: `Bearer ${variables.TRIGGER_SECRET_KEY}`, "content-type": "application/json" },
    ...(body ? { method: "POST", body: JSON.stringify(body) } : {}),
  });
  return (await response.json()) as { id: string; status: string; output: unknown; attemptCount: number };
};
const trigger = async (task: string, payload: unknown = {}) =>
  (await ask(`/api/v1/tasks/${task}/trigger`, { payload: JSON.stringify(payload), options: {} })).id;
const untilGone = (pid: number) =>
  expect
    .poll(() => {
      try {
        return process.kill(pid, 0);
      } catch {
        return "gone";
      }
    })
    .toBe("gone");

describe("what it lacks is said, before any run is taken", () => {
  test.each([
    ["no server", [], {}, /--server names no machine/],
    [
      "no connection string",
      ["--server", "http://127.0.0.1:1"],
      {},
      /BEHALF_DATABASE_URL is not set.*status --env/,
    ],
    [
      "no key",
      ["--server", "http://127.0.0.1:1", "--database-url-env", "QUEUE_URL"],
      { QUEUE_URL: "postgresql://127.0.0.1:1/postgres" },
      /TRIGGER_SECRET_KEY is not set/,
    ],
    [
      "no answer",
      ["--server", "http://127.0.0.1:1"],
      { BEHALF_DATABASE_URL: "postgresql://127.0.0.1:1/postgres", TRIGGER_SECRET_KEY: "tr_dev_x" },
      /127\.0\.0\.1:1 doesn't answer/,
    ],
  ])("%s", async (_, args, env, message) => {
    const { code, stdout, stderr } = await behalfCommand(["worker", ...args], { cwd: second.folder, env });
    expect([code, stdout]).toEqual([2, ""]);
    expect(stderr).toMatch(message);
    expect(stderr).toMatch(/ERR_USAGE_WORKER/);
  });

  test("another key, another database, another role", async () => {
    await trigger("report");
    const secret = "another-password";
    const database = new URL(variables.BEHALF_DATABASE_URL ?? "");
    database.password = secret;
    for (const [changed, message] of [
      [{ TRIGGER_SECRET_KEY: "tr_dev_another" }, /doesn't take the TRIGGER_SECRET_KEY/],
      [{ BEHALF_DATABASE_URL: database.href }, /can't be opened \(28P01\)/],
    ] as const) {
      const { code, stderr } = await behalfCommand(["worker", "--server", server()], {
        cwd: second.folder,
        env: { ...variables, ...changed },
      });
      expect(code).toBe(2);
      expect(stderr).toMatch(message);
      expect(stderr).not.toContain(secret);
    }
  });
});

test("a second machine executes what the first has no room for, with the environment of tasks and no more", async () => {
  const until = join(first.folder, "go");
  const occupying = await trigger("occupy", { until });
  await expect.poll(() => ask(`/api/v3/runs/${occupying}`)).toMatchObject({ status: "EXECUTING" });
  const worker = await startWorker(["--server", server()], { ...variables, MACHINE: "second" });
  const id = await trigger("report");
  await expect
    .poll(() => ask(`/api/v3/runs/${id}`))
    .toMatchObject({
      status: "COMPLETED",
      attemptCount: 1,
      output: { machine: "second", supabase: variables.SUPABASE_URL, superuser: [] },
    });
  await expect.poll(() => worker.output()).toMatch(/✓ report .*COMPLETED/);

  // One that is cut off loses nothing: the other makes the next attempt.
  const started = join(second.folder, "started");
  const moved = await trigger("movable", { started });
  const read = async () =>
    JSON.parse(await readFile(started, "utf8")) as { pid: number; token: string; url: string };
  await expect.poll(read).toMatchObject({ pid: expect.any(Number) });
  const { pid, token, url } = await read();
  await first.write({ go: "" });
  await expect.poll(() => ask(`/api/v3/runs/${occupying}`)).toMatchObject({ status: "COMPLETED" });
  expect(await ask(`/api/v3/runs/${moved}`)).toMatchObject({ status: "EXECUTING", attemptCount: 1 });
  worker.child.kill("SIGKILL");
  await expect.poll(() => ask(`/api/v3/runs/${moved}`)).toMatchObject({ status: "WAITING", attemptCount: 2 });
  await untilGone(pid);
  // Its tokens' callback URLs outlive it.
  await fetch(url, { method: "POST", body: JSON.stringify({ by: "Grace" }) });
  await expect
    .poll(() => ask(`/api/v3/runs/${moved}`))
    .toMatchObject({ status: "COMPLETED", output: { attempt: 2, token, answer: { by: "Grace" } } });
});

test("beside a running dev it needs nothing, Ctrl-C ends it, and so does the end of the dev", async () => {
  const worker = await startWorker(["--json"], {}, first.folder);
  worker.child.kill("SIGINT");
  const { code, stdout } = await worker.ended;
  expect(code).toBe(0);
  const lines = stdout
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as { type: string });
  expect(lines.map(({ type }) => type)).toEqual(["part", "note", "stopping"]);

  const left = await startWorker([], {}, first.folder);
  await behalfCommand(["stop"], { cwd: first.folder });
  const { code: leftCode, stderr } = await left.ended;
  expect(leftCode).toBe(1);
  expect(stderr).toMatch(/doesn't answer any more/);
});
