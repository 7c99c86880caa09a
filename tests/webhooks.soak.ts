import { type ChildProcess, spawn } from "node:child_process";
import { randomInt } from "node:crypto";
import { once } from "node:events";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as pause } from "node:timers/promises";
import { Client } from "pg";
import { expect, test } from "vitest";
import { workspace } from "./support/workspace.ts";

const rows = 10_000;
const kills = 8;
const connections = 4;
/** The batches that four lanes may have in hand. */
const inHand = 200;

test(`${rows} rows while the stack is killed ${kills} times: what was committed is told, what wasn't never`, async () => {
  const told: number[] = [];
  const server = createServer(async (request, response) => {
    let text = "";
    for await (const chunk of request.setEncoding("utf8")) text += chunk;
    told.push((JSON.parse(text) as { record: { id: number } }).record.id);
    response.end();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const receiver = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const folder = await mkdtemp(join(tmpdir(), "behalf-soak-"));
  await mkdir(join(folder, "supabase/migrations"), { recursive: true });
  await writeFile(
    join(folder, "supabase/migrations/1_events.sql"),
    `create table public.events (id int primary key);
     create trigger tell after insert on public.events for each row
       execute function supabase_functions.http_request('${receiver}', 'POST', '{"Content-Type":"application/json"}', '{}', '5000');`,
  );
  let url = "";
  let stack: ChildProcess | undefined;
  const start = async () => {
    const module = new URL("packages/cli/dist/stack/index.js", `file://${workspace}`).href;
    const options = { directory: join(folder, ".behalf"), project: folder };
    const script = `import { startStack } from ${JSON.stringify(module)};
      console.log((await startStack(${JSON.stringify(options)})).databaseUrl);`;
    stack = spawn(process.execPath, ["--input-type=module", "-e", script], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    [url] = (await once(createInterface(stack.stdout as NodeJS.ReadableStream), "line")) as [string];
  };
  const kill = async () => {
    const ended = once(stack as ChildProcess, "exit");
    stack?.kill("SIGKILL");
    await ended;
  };

  let next = 1;
  const insert = async () => {
    while (next <= rows) {
      const client = new Client(url);
      client.on("error", () => {});
      try {
        await client.connect();
        // A row that fails may or may not be there: the table says so in the end.
        while (next <= rows) {
          const isUndone = next % 10 === 0;
          const id = next++;
          if (isUndone) await client.query(`begin; insert into public.events values (${id}); rollback`);
          else await client.query("insert into public.events values ($1)", [id]);
        }
      } catch {
        await pause(20);
      }
      await client.end().catch(() => {});
    }
  };

  try {
    await start();
    const inserting = Promise.all(Array.from({ length: connections }, insert));
    for (let round = 0; round < kills; round++) {
      const enough = Math.min((rows / kills) * round + randomInt(200, 600), rows);
      while (next < enough) await pause(5);
      await kill();
      await start();
    }
    await inserting;
    const client = new Client(url);
    await client.connect();
    const { rows: kept } = await client.query<{ id: number }>("select id from public.events order by id");
    await expect.poll(() => new Set(told).size, { timeout: 120_000 }).toBe(kept.length);
    await client.end();
    expect([...new Set(told)].sort((a, b) => a - b)).toEqual(kept.map(({ id }) => id));
    const twice = told.length - kept.length;
    console.log(`${kept.length} rows committed and told, ${twice} of them twice, over ${kills} kills`);
    expect(twice).toBeLessThanOrEqual(inHand * kills);
  } finally {
    await kill();
    server.closeAllConnections();
    server.close();
    // Postgres is still ending.
    await rm(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 200 });
  }
});
