import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { configure, runs, tasks } from "@trigger.dev/sdk";
import pg from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { left, startTestRuntime, type TestRuntime } from "./test-support.js";

const poll = { pollIntervalMs: 50 };
const fixture = fileURLToPath(new URL("./crash-server.fixture.mjs", import.meta.url));
let t: TestRuntime;
const started: ChildProcess[] = [];

beforeAll(async () => {
  t = await startTestRuntime({
    "work.ts": `
export const counted = task({ id: "counted", run: async ({ n }: { n: number }, { ctx }) => { leave("ran-" + n); return { n, attempt: ctx.attempt.number }; } });
export const gated = task({ id: "gated", run: async ({ gate }: { gate: string }, { ctx }) => { await until(gate); return ctx.attempt.number; } });
export const child = task({ id: "child", run: async ({ gate }: { gate: string }) => { await until(gate); return "child"; } });
export const waits = task({ id: "waits", run: async ({ gate }: { gate: string }, { ctx }) => {
  const ended = await child.triggerAndWait({ gate }, { idempotencyKey: "child-of-" + ctx.run.id }).unwrap();
  return [ended, ctx.attempt.number];
} });
export const pid = task({ id: "pid", run: async () => process.pid });
export const spins = task({ id: "spins", run: async () => { appendFileSync(gateOf("spinning"), String(process.pid)); for (;;); } });
export const failsOnce = task({ id: "fails-once", retry: { maxAttempts: 2, minTimeoutInMs: 4000, maxTimeoutInMs: 4000 }, run: async (_: void, { ctx }) => { if (ctx.attempt.number === 1) throw new Error("once"); return "then"; } });
`,
  });
});
afterAll(async () => {
  for (const child of started) child.kill("SIGKILL");
  await t.stop();
});

/** Starts a second server on the same database and points the SDK at it. */
async function startServer(): Promise<ChildProcess> {
  const args = [fixture, t.folder, join(t.folder, "other-state"), t.stack.adminDatabaseUrl, t.gate("")];
  const server = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
  started.push(server);
  const [line] = (await once(createInterface(server.stdout), "line")) as [string];
  const { apiUrl, secretKey } = JSON.parse(line) as { apiUrl: string; secretKey: string };
  configure({ baseURL: apiUrl, accessToken: secretKey });
  return server;
}

async function kill(server: ChildProcess): Promise<void> {
  const exited = once(server, "exit");
  server.kill("SIGKILL");
  await exited;
}

/** Postgres takes the death of a backend for a crash: it ends all others and recovers from its log. */
async function crashPostgres(): Promise<void> {
  const client = new pg.Client({ connectionString: t.stack.adminDatabaseUrl });
  const ended = new Promise<void>((resolve) => client.once("end", resolve));
  client.on("error", () => {});
  await client.connect();
  const { rows } = await client.query<{ pid: number }>("select pg_backend_pid() as pid");
  process.kill(rows[0]?.pid as number, "SIGKILL");
  await ended;
}

const statusOf = async (id: string) => (await runs.retrieve(id)).status;

test("kill -9 of the worker process: its runs are executed again, with the attempt counted, and others go on", async () => {
  const gated = await tasks.trigger("gated", { gate: "worker" });
  const { output: worker } = await runs.poll((await tasks.trigger("pid", undefined)).id, poll);
  await expect.poll(() => statusOf(gated.id)).toBe("EXECUTING");
  process.kill(worker as number, "SIGKILL");
  await t.open("worker");
  expect(await runs.poll(gated.id, poll)).toMatchObject({ status: "COMPLETED", output: 2, attemptCount: 2 });
  expect(t.events).toContainEqual(expect.objectContaining({ type: "worker-lost", requeued: 1 }));
});

test("a crash of Postgres: a parent that waits goes on, in the same attempt", async () => {
  const waiting = await tasks.trigger("waits", { gate: "postgres" });
  await expect.poll(() => statusOf(waiting.id)).toBe("WAITING");
  await crashPostgres();
  await t.open("postgres");
  expect(await runs.poll(waiting.id, poll)).toMatchObject({ status: "COMPLETED", output: ["child", 1] });
});

test("kill -9 of the server: another start finishes what it had accepted, and nothing that ended runs again", async () => {
  await t.runtime.stop();
  const server = await startServer();
  const before = await tasks.trigger("counted", { n: 0 }, { idempotencyKey: "counted-0" });
  await runs.poll(before.id, poll);
  const inFlight = await tasks.trigger("gated", { gate: "server" });
  const waiting = await tasks.trigger("waits", { gate: "server" });
  const retried = await tasks.trigger("fails-once", undefined);
  const delayed = await tasks.trigger("counted", { n: 1 }, { delay: "3s" });
  await expect.poll(() => statusOf(inFlight.id)).toBe("EXECUTING");
  await expect.poll(() => statusOf(waiting.id)).toBe("WAITING");
  await expect.poll(async () => (await runs.retrieve(retried.id)).attemptCount).toBe(1);
  const accepted: string[] = [];
  const killed = (async () => {
    await expect.poll(() => accepted.length).toBeGreaterThan(40);
    await kill(server);
  })();
  await Promise.all(
    Array.from({ length: 200 }, async (_, i) => {
      const handle = await tasks.trigger("counted", { n: i + 2 }).catch(() => undefined);
      if (handle) accepted.push(handle.id);
    }),
  );
  await killed;

  await t.restart();
  await t.open("server");
  expect(await runs.poll(inFlight.id, poll)).toMatchObject({ status: "COMPLETED", output: 2 });
  expect(await runs.poll(waiting.id, poll)).toMatchObject({ status: "COMPLETED", output: ["child", 2] });
  expect(await runs.poll(retried.id, poll)).toMatchObject({ status: "COMPLETED", output: "then" });
  expect(await runs.poll(delayed.id, poll)).toMatchObject({ status: "COMPLETED" });
  for (const id of accepted) expect((await runs.poll(id, poll)).status).toBe("COMPLETED");
  expect(readFileSync(t.gate("ran-0"), "utf8")).toBe("x");
  expect(left(t, "ran-1")).toBe(true);
  const again = await tasks.trigger("counted", { n: 0 }, { idempotencyKey: "counted-0" });
  expect(again.id).toBe(before.id);
});

test("a stop doesn't wait for what runs wait for, nor for Postgres; the next start goes on with them", async () => {
  const waiting = await tasks.trigger("waits", { gate: "stopped" });
  await expect.poll(() => statusOf(waiting.id)).toBe("WAITING");
  await crashPostgres();
  await t.restart();
  await t.open("stopped");
  expect(await runs.poll(waiting.id, poll)).toMatchObject({ status: "COMPLETED", output: ["child", 2] });
});

test("two servers share a queue: what one gives back when it stops, the other finishes", async () => {
  const gated = await tasks.trigger("gated", { gate: "taken-over" });
  await expect.poll(() => statusOf(gated.id)).toBe("EXECUTING");
  await startServer();
  await t.runtime.stop();
  await t.open("taken-over");
  expect(await runs.poll(gated.id, poll)).toMatchObject({ status: "COMPLETED", output: 2 });
});

test("a task process in a busy loop doesn't outlive its server", async () => {
  await tasks.trigger("spins", undefined);
  await expect.poll(() => left(t, "spinning")).toBe(true);
  const spinning = Number(readFileSync(t.gate("spinning"), "utf8"));
  await kill(started.at(-1) as ChildProcess);
  await expect.poll(() => isAlive(spinning)).toBe(false);
});

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
