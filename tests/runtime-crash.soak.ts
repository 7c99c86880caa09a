// Kills the server, its task process or Postgres' backends at random moments under load, many rounds: what was accepted ends, nothing
// is lost, nothing that ended runs again, attempts are counted, and an idempotency key names one run whatever happens.
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { type Stack, startStack } from "@behalf/cli";
import pg from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createProject, type TestProject } from "./support/projects.ts";
import { workspace } from "./support/workspace.ts";

const rounds = Number(process.env.BEHALF_SOAK_ROUNDS ?? 200);
const fixture = join(workspace, "packages/cli/src/runtime/crash-server.fixture.mjs");

interface Server {
  child: ChildProcess;
  apiUrl: string;
  secretKey: string;
}

interface SeenRun {
  status: string;
  attemptCount: number;
}

let project: TestProject;
let stack: Stack;
let server: Server;

beforeAll(async () => {
  project = await createProject({
    "package.json": '{ "type": "module" }',
    "trigger/work.ts": `import { appendFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { task, wait } from "@trigger.dev/sdk";
const began = (ctx) => appendFileSync(process.env.GATES + "/began", ctx.run.id + " " + ctx.attempt.number + "\\n");
export const work = task({ id: "work", retry: { maxAttempts: 20, minTimeoutInMs: 10, maxTimeoutInMs: 200 }, run: async ({ n }: { n: number }, { ctx }) => {
  began(ctx);
  await sleep(n % 7 === 0 ? 400 : n % 20);
  if (n % 5 === 0 && ctx.attempt.number === 1) throw new Error("once");
  return n;
} });
export const parent = task({ id: "parent", retry: { maxAttempts: 20, minTimeoutInMs: 10, maxTimeoutInMs: 200 }, run: async ({ n }: { n: number }, { ctx }) => {
  began(ctx);
  return work.triggerAndWait({ n }, { idempotencyKey: "child-" + ctx.run.id }).unwrap();
} });
export const naps = task({ id: "naps", retry: { maxAttempts: 20, minTimeoutInMs: 10, maxTimeoutInMs: 200 }, run: async ({ n }: { n: number }, { ctx }) => {
  began(ctx);
  await wait.for({ seconds: 6 });
  return n;
} });`,
  });
  stack = await startStack({ directory: mkdtempSync(join(project.folder, "state-")) });
  server = await startServer();
});
afterAll(async () => {
  server?.child.kill("SIGKILL");
  await stack?.stop();
  await project?.remove();
});

async function startServer(): Promise<Server> {
  const args = [
    fixture,
    project.folder,
    join(project.folder, "state"),
    stack.adminDatabaseUrl,
    project.folder,
  ];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
  const ended = once(child, "exit").then(([code]) => {
    throw new Error(`The server ended while it started, with ${code}.`);
  });
  const [line] = (await Promise.race([once(createInterface(child.stdout), "line"), ended])) as [string];
  // From here on its death is the test's doing, or the test finds it.
  ended.catch(() => {});
  return { child, ...(JSON.parse(line) as { apiUrl: string; secretKey: string }) };
}

function call(path: string, body?: unknown): Promise<Response> {
  return fetch(`${server.apiUrl}${path}`, {
    method: body === undefined ? "GET" : "POST",
    headers: { authorization: `Bearer ${server.secretKey}` },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
}

async function trigger(task: string, n: number, options = {}): Promise<string | undefined> {
  try {
    const answer = await call(`/api/v1/tasks/${task}/trigger`, {
      payload: JSON.stringify({ n }),
      options,
    });
    return answer.ok ? ((await answer.json()) as { id: string }).id : undefined;
  } catch {
    return undefined;
  }
}

async function look(id: string): Promise<SeenRun | undefined> {
  const answer = await call(`/api/v3/runs/${id}`).catch(() => undefined);
  return answer?.ok ? ((await answer.json()) as SeenRun) : undefined;
}

const kills = [killServer, killTaskProcess, killBackend];

async function killServer(): Promise<void> {
  const exited = once(server.child, "exit");
  server.child.kill("SIGKILL");
  await exited;
  server = await startServer();
}

async function killTaskProcess(): Promise<void> {
  const listing = execFileSync("ps", ["-o", "pid=,args=", "--ppid", `${server.child.pid}`], {
    encoding: "utf8",
  });
  const pids = [...listing.matchAll(/^\s*(\d+) .*worker\/main\.js/gm)].map(([, pid]) => Number(pid));
  const pid = pids[Math.floor(Math.random() * pids.length)];
  if (pid) process.kill(pid, "SIGKILL");
}

/** Postgres takes the death of a backend for a crash: it ends all others and recovers from its log. */
async function killBackend(): Promise<void> {
  const client = new pg.Client({ connectionString: stack.adminDatabaseUrl });
  client.on("error", () => {});
  await client.connect();
  const { rows } = await client.query<{ pid: number }>(
    "select pid from pg_stat_activity where datname = 'behalf_runtime' order by random() limit 1",
  );
  if (rows[0]) process.kill(rows[0].pid, "SIGKILL");
  await client.end().catch(() => {});
}

/** What the round's `i`th trigger asks for: mostly work, some that has children, waits or is delayed. */
function shapeOf(i: number): [task: string, options?: { delay: string }] {
  if (i % 6 === 0) return ["parent"];
  if (i % 10 === 1) return ["naps"];
  return i % 10 === 2 ? ["work", { delay: "2s" }] : ["work"];
}

/** Triggers until it is accepted: whatever an earlier request came to, the key names one run. */
async function triggerOnce(key: string, n: number): Promise<string> {
  for (;;) {
    const id = await trigger("work", n, { idempotencyKey: key });
    if (id) return id;
    await sleep(100);
  }
}

test(`${rounds} rounds of kill -9`, async () => {
  const accepted: string[] = [];
  const ended = new Map<string, SeenRun>();
  const keyed = new Map<string, string>();
  for (let round = 0; round < rounds; round++) {
    const key = `round-${round}`;
    keyed.set(key, await triggerOnce(key, round));
    const load = Promise.all([
      ...Array.from({ length: 30 }, async (_, i) => {
        await sleep(Math.random() * 300);
        const [task, options] = shapeOf(i);
        const id = await trigger(task, round * 30 + i, options);
        if (id) accepted.push(id);
      }),
      // Some of these are under way when the kill comes; the answer is lost, or the run is.
      ...Array.from({ length: 5 }, async (_, i) => {
        await sleep(Math.random() * 500);
        await trigger("work", round, { idempotencyKey: `${key}-during-${i}` });
      }),
    ]);
    await sleep(Math.random() * 500);
    await kills[round % kills.length]?.();
    await load;
    expect(server.child.exitCode, "the server lives until it is killed").toBe(null);
    for (let i = 0; i < 5; i++) {
      const during = `${key}-during-${i}`;
      keyed.set(during, await triggerOnce(during, round));
    }
    for (const [known, id] of [...keyed].slice(-20)) expect(await triggerOnce(known, 0)).toBe(id);
    for (const id of accepted.slice(-60)) {
      const seen = await look(id);
      if (seen?.status === "COMPLETED" && !ended.has(id)) ended.set(id, seen);
    }
  }
  const final = new Map<string, SeenRun>();
  const unfinished = async () => {
    for (const id of [...accepted, ...keyed.values()]) {
      const seen = final.has(id) ? undefined : await look(id);
      if (seen?.status === "COMPLETED") final.set(id, seen);
      else if (seen) return `${id} is ${seen.status}`;
    }
    return "none";
  };
  await expect.poll(unfinished, { timeout: 240_000, interval: 1000 }).toBe("none");
  expect(
    accepted.filter((id) => !final.has(id)),
    "lost",
  ).toEqual([]);
  for (const [id, { attemptCount }] of ended) expect(await look(id)).toMatchObject({ attemptCount });

  const began = readFileSync(join(project.folder, "began"), "utf8").trim().split("\n");
  expect(new Set(began).size, "no attempt began twice").toBe(began.length);
  for (const [id, { attemptCount }] of final) {
    const attempts = began.filter((line) => line.startsWith(`${id} `));
    expect(attempts, "the attempt that ended it is the last").toContain(`${id} ${attemptCount}`);
    expect(attempts.length).toBeLessThanOrEqual(attemptCount);
  }
  expect(await keysOfTwoRuns()).toEqual([]);
  expect(accepted.length).toBeGreaterThan(rounds * 5);
});

async function keysOfTwoRuns(): Promise<string[]> {
  const url = new URL(stack.adminDatabaseUrl);
  url.pathname = "/behalf_runtime";
  const client = new pg.Client({ connectionString: url.href });
  await client.connect();
  const { rows } = await client.query<{ idempotency_key: string }>(
    "select idempotency_key from runtime.runs where idempotency_key is not null group by 1 having count(*) > 1",
  );
  await client.end();
  return rows.map((row) => row.idempotency_key);
}
