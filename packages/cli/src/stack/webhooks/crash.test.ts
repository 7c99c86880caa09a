import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { Client } from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startStack } from "../index.js";
import { makeFolder, type TestFolder } from "../test-support.js";

const rows = 1_000;
/** What is sent again at most: the batches that four lanes had in hand. */
const inHand = 200;

let folder: TestFolder;
let child: ChildProcess | undefined;
let server: Server;
let ids: number[] = [];
let held: ServerResponse[] = [];
let isHolding = true;

beforeAll(async () => {
  server = createServer(async (request, response) => {
    let text = "";
    for await (const chunk of request.setEncoding("utf8")) text += chunk;
    ids.push((JSON.parse(text) as { record: { id: number } }).record.id);
    // After the first hundred it keeps everybody waiting, so that the kill meets requests under way.
    if (isHolding && ids.length > 100) held.push(response);
    else response.end();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  folder = makeFolder({
    "supabase/migrations/1_events.sql": `create table public.events (id int primary key);
      create trigger tell after insert on public.events for each row
        execute function supabase_functions.http_request('${url}', 'POST', '{"Content-Type":"application/json"}', '{}', '600000');`,
  });
});
afterAll(() => {
  child?.kill("SIGKILL");
  server.closeAllConnections();
  server.close();
  folder.remove();
});

test("kill -9 while webhooks are sent: after the next start each has been told, those under way perhaps twice", async () => {
  const options = { directory: join(folder.path, ".behalf"), project: folder.path };
  const module = new URL("../../../dist/stack/index.js", import.meta.url).href;
  const script = `import { startStack } from ${JSON.stringify(module)};
    console.log((await startStack(${JSON.stringify(options)})).databaseUrl);`;
  child = spawn(process.execPath, ["--input-type=module", "-e", script], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [url] = (await once(createInterface(child.stdout as NodeJS.ReadableStream), "line")) as [string];
  const client = new Client(url);
  client.on("error", () => {});
  await client.connect();
  await client.query("insert into public.events select generate_series(1, $1::int)", [rows]);
  await expect.poll(() => held.length).toBeGreaterThan(0);
  const ended = once(child, "exit");
  child.kill("SIGKILL");
  await ended;
  await client.end().catch(() => {});
  isHolding = false;
  for (const response of held) response.end();

  const stack = await startStack(options);
  try {
    await expect.poll(() => new Set(ids).size).toBe(rows);
    const after = new Client(stack.databaseUrl);
    await after.connect();
    const left = async () =>
      (await after.query<{ count: number }>("select count(*)::int from net.http_request_queue")).rows[0]
        ?.count;
    await expect.poll(left).toBe(0);
    await after.end();
    expect(ids.length - rows).toBeLessThanOrEqual(inHand);
  } finally {
    await stack.stop();
  }
});

test("a stop in between leaves what had no answer in the queue, for the next start", async () => {
  ids = [];
  held = [];
  isHolding = true;
  const options = { directory: join(folder.path, ".behalf"), project: folder.path };
  const first = await startStack(options);
  const client = new Client(first.databaseUrl);
  await client.connect();
  await client.query("insert into public.events select generate_series(5001, 5200)");
  await expect.poll(() => held.length).toBeGreaterThan(0);
  await client.end();
  await first.stop();
  isHolding = false;
  const second = await startStack(options);
  try {
    await expect.poll(() => new Set(ids).size).toBe(200);
  } finally {
    await second.stop();
  }
});

test("kill -9 of Postgres: what waits in the queue outlives it", async () => {
  ids = [];
  held = [];
  isHolding = true;
  const options = { directory: join(folder.path, ".behalf"), project: folder.path };
  const first = await startStack(options);
  const client = new Client(first.databaseUrl);
  client.on("error", () => {});
  await client.connect();
  await client.query("insert into public.events select generate_series(6001, 6500)");
  await expect.poll(() => held.length).toBeGreaterThan(0);
  const file = join(options.directory, "postgres", "data", "postmaster.pid");
  process.kill(Number(readFileSync(file, "utf8").split("\n")[0]), "SIGKILL");
  await client.end().catch(() => {});
  await first.stop();
  isHolding = false;
  const second = await startStack(options);
  try {
    await expect.poll(() => new Set(ids).size).toBe(500);
  } finally {
    await second.stop();
  }
});
