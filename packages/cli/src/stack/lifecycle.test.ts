import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { Client } from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Stack, startStack } from "./index.js";
import { loadSecrets } from "./keys/secrets.js";
import { findServerAccount } from "./postgres/account.js";
import { findPostgres } from "./postgres/binaries.js";
import { prepareCluster } from "./postgres/cluster.js";
import { commandLineOf } from "./processes/inspect-process.js";
import { makeFolder, type TestFolder } from "./test-support.js";

let folder: TestFolder;
let directory: string;
const children: ChildProcess[] = [];
beforeAll(() => {
  folder = makeFolder({
    "supabase/migrations/1_kept.sql":
      "create table public.kept (id int generated always as identity); grant select, insert on public.kept to service_role;",
  });
  directory = join(folder.path, ".behalf");
});
afterAll(() => {
  for (const child of children) child.kill("SIGKILL");
  folder.remove();
});

const options = () => ({ directory, project: folder.path });
const postgresPid = () =>
  Number(readFileSync(join(directory, "postgres/data/postmaster.pid"), "utf8").split("\n")[0]);
/** A zombie, which only waits for its parent to look, doesn't run. */
const isRunning = (pid: number) => commandLineOf(pid) !== undefined;
const postgrestPid = () => Number(readFileSync(join(directory, "postgrest.conf.pid"), "utf8"));

async function rows(stack: Stack): Promise<number> {
  const answer = await fetch(`${stack.url}/rest/v1/kept`, { headers: { apikey: stack.keys.secretKey } });
  expect(answer.status).toBe(200);
  return ((await answer.json()) as unknown[]).length;
}

/** A stack in another Node.js process, by the built package; resolves with its URL. */
async function startElsewhere(): Promise<{ child: ChildProcess; url: string }> {
  const module = new URL("../../dist/stack/index.js", import.meta.url).href;
  const script = `import { startStack } from ${JSON.stringify(module)};
    const { url } = await startStack(${JSON.stringify(options())}); console.log(url);`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", script], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  children.push(child);
  for await (const url of createInterface(child.stdout as NodeJS.ReadableStream)) return { child, url };
  throw new Error("The other process ended without a word.");
}

function killHard(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    child.once("exit", () => resolve());
    child.kill("SIGKILL");
  });
}

test("data and keys survive a restart, stopping twice is fine, and nothing stays behind", async () => {
  const first = await startStack(options());
  const pids = [postgresPid(), postgrestPid()];
  // Command lines are everybody's to read.
  const secrets = readFileSync(join(directory, "secrets.json"), "utf8");
  const { passwords, jwtSecret } = JSON.parse(secrets) as {
    passwords: Record<string, string>;
    jwtSecret: string;
  };
  for (const pid of pids) {
    for (const secret of [jwtSecret, ...Object.values(passwords)])
      expect(commandLineOf(pid)).not.toContain(secret);
  }
  const client = new Client({ connectionString: first.databaseUrl });
  await client.connect();
  await client.query("insert into public.kept default values");
  await client.end();
  await Promise.all([first.stop(), first.stop()]);
  expect(pids.map(isRunning)).toEqual([false, false]);
  expect(statSync(join(directory, "secrets.json")).mode & 0o777).toBe(0o600);

  const second = await startStack(options());
  expect(second.keys).toEqual(first.keys);
  expect(second.databaseUrl).toBe(first.databaseUrl);
  expect(await rows(second)).toBe(1);
  await second.stop();
});

test("kill -9 of Node.js ends Postgres and PostgREST, and the next start finds everything", async () => {
  const { child, url } = await startElsewhere();
  await expect(startStack(options())).rejects.toMatchObject({ code: "ERR_STACK_RUNNING" });
  expect((await fetch(`${url}/auth/v1/.well-known/jwks.json`)).status).toBe(200);
  const pids = [postgresPid(), postgrestPid()];
  await killHard(child);
  await expect.poll(() => pids.map(isRunning)).toEqual([false, false]);

  const stack = await startStack(options());
  expect(await rows(stack)).toBe(1);
  await stack.stop();
});

const onLinux = test.runIf(process.platform === "linux");

// Only there the watching process can be found from outside.
onLinux("kill -9 of Node.js and of what watches it leaves orphans, which the next start ends", async () => {
  const { child } = await startElsewhere();
  const reaper = readdirSync("/proc").find((pid) => {
    const parent = existsSync(`/proc/${pid}/stat`)
      ? readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.split(" ")[1]
      : "";
    return parent === `${child.pid}` && commandLineOf(Number(pid))?.includes("read -r verb");
  });
  process.kill(Number(reaper), "SIGKILL");
  const orphans = [postgresPid(), postgrestPid()];
  await killHard(child);
  expect(orphans.map(isRunning)).toEqual([true, true]);

  const stack = await startStack(options());
  await expect.poll(() => orphans.map(isRunning)).toEqual([false, false]);
  expect(await rows(stack)).toBe(1);
  await stack.stop();
});

test("kill -9 of Postgres is recovered from, without a committed row lost", async () => {
  const steps: string[] = [];
  const stack = await startStack({ ...options(), onProgress: ({ message }) => steps.push(message) });
  process.kill(postgresPid(), "SIGKILL");
  await expect.poll(() => steps.at(-1)).toMatch(/^Postgres ended unexpectedly \(signal SIGKILL\)/);
  const answer = await fetch(`${stack.url}/rest/v1/kept`, { headers: { apikey: stack.keys.secretKey } });
  expect(answer.status).toBeGreaterThanOrEqual(500);
  await stack.stop();
  const next = await startStack(options());
  expect(await rows(next)).toBe(1);
  await next.stop();
});

test("pid files that name a stranger's process cost the stranger nothing", async () => {
  const stranger = spawn(process.execPath, ["-e", "setInterval(() => {}, 1e6)", "postgres", "postgrest"], {
    stdio: "ignore",
  });
  children.push(stranger);
  writeFileSync(join(directory, "postgres/data/postmaster.pid"), `${stranger.pid}\n${directory}/elsewhere\n`);
  writeFileSync(join(directory, "postgrest.conf.pid"), `${stranger.pid}`);
  const stack = await startStack(options());
  expect(await rows(stack)).toBe(1);
  expect(stranger.exitCode ?? stranger.signalCode).toBeNull();
  await stack.stop();
});

test("of starters at the same moment one wins, and the others are told", async () => {
  const results = await Promise.allSettled([1, 2, 3, 4].map(() => startStack(options())));
  const winners = results.flatMap((result) => (result.status === "fulfilled" ? [result.value] : []));
  const losers = results.flatMap((result) => (result.status === "rejected" ? [result.reason] : []));
  expect(winners).toHaveLength(1);
  for (const error of losers) {
    expect(error).toMatchObject({ code: "ERR_STACK_RUNNING" });
    expect(error.message).toContain(`process ${process.pid}`);
  }
  expect(await rows(winners[0] as Stack)).toBe(1);
  await winners[0]?.stop();
});

test("a busy port is refused before anything is started", async () => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  const other = join(folder.path, "other");
  await expect(startStack({ directory: other, port })).rejects.toMatchObject({
    code: "ERR_STACK_PORT_BUSY",
    message: expect.stringContaining(`Port ${port}`),
  });
  expect(existsSync(join(other, "postgres"))).toBe(false);
  await new Promise((resolve) => server.close(resolve));
});

test("a start that fails half-way stops what it started and lets the next one in", async () => {
  const named = process.env.BEHALF_POSTGREST;
  process.env.BEHALF_POSTGREST = process.execPath;
  try {
    await expect(startStack(options())).rejects.toMatchObject({
      code: "ERR_STACK_START_FAILED",
      message: expect.stringContaining("PostgREST did not start"),
    });
  } finally {
    if (named === undefined) delete process.env.BEHALF_POSTGREST;
    else process.env.BEHALF_POSTGREST = named;
  }
  expect(existsSync(join(directory, "postgres/data/postmaster.pid"))).toBe(false);
  const stack = await startStack(options());
  await stack.stop();
});

test("what a killed initialisation left is cleared away", async () => {
  const place = join(folder.path, "half");
  mkdirSync(join(place, "postgres.init-1/data/base"), { recursive: true });
  mkdirSync(join(place, "postgres/data"), { recursive: true });
  // Killed a little later: the data is there, and nothing is in it yet.
  const account = findServerAccount();
  const { passwords } = await loadSecrets(place);
  await prepareCluster(place, account, findPostgres(account), passwords.supabase_admin);
  expect(readdirSync(place)).not.toContain("postgres.init-1");
  const stack = await startStack({ directory: place });
  expect((await fetch(`${stack.url}/rest/v1/`, { headers: { apikey: stack.keys.secretKey } })).status).toBe(
    200,
  );
  await stack.stop();

  rmSync(join(place, "secrets.json"));
  await expect(startStack({ directory: place })).rejects.toMatchObject({
    code: "ERR_STACK_PASSWORD_MISMATCH",
  });
  writeFileSync(join(place, "secrets.json"), "{");
  await expect(startStack({ directory: place })).rejects.toMatchObject({ code: "ERR_STACK_STATE_DAMAGED" });
});
