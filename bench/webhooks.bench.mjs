// 10,000 rows told to a receiver by Database Webhooks, against plain keep-alive POSTs of the same bodies; and whether each came, once, in order.
import { fork } from "node:child_process";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { startStack } from "../packages/cli/dist/index.js";
import { reportRatio } from "./report.mjs";

const rows = 10_000;
const connections = 8;
// As many as the stack sends at a time.
const parallel = 32;
const memoryGoal = 100;

// The receiver counts in a process of its own, as a function or a server would run in one.
if (process.argv[2] === "receive") {
  const { createServer } = await import("node:http");
  let ids = [];
  const server = createServer((request, response) => {
    if (request.url === "/ids") {
      response.end(JSON.stringify(ids));
      ids = [];
      return;
    }
    let text = "";
    request.setEncoding("utf8");
    request.on("data", (chunk) => {
      text += chunk;
    });
    request.on("end", () => {
      ids.push(JSON.parse(text).record.id);
      response.end("ok");
      process.send(ids.length);
    });
  });
  process.once("disconnect", () => process.exit());
  server.listen(0, "127.0.0.1", () => process.send({ port: server.address().port }));
} else await bench();

async function bench() {
  const { default: pg } = await import(
    createRequire(new URL("../packages/cli/package.json", import.meta.url)).resolve("pg")
  );
  const receiver = fork(fileURLToPath(import.meta.url), ["receive"]);
  const { port } = await new Promise((resolve) => receiver.once("message", resolve));
  const url = `http://127.0.0.1:${port}`;
  let count = 0;
  receiver.on("message", (message) => {
    count = message;
  });
  const received = async () => {
    count = 0;
    return (await fetch(`${url}/ids`)).json();
  };

  const folder = await mkdtemp(join(tmpdir(), "behalf-bench-"));
  const project = join(folder, "project");
  await mkdir(join(project, "supabase/migrations"), { recursive: true });
  await writeFile(
    join(project, "supabase/migrations/20260101000000_events.sql"),
    `create table public.untold (id int primary key, title text not null);
     create table public.events (id int primary key, title text not null);
     create trigger tell after insert on public.events for each row
       execute function supabase_functions.http_request('${url}', 'POST', '{"Content-Type":"application/json"}', '{}', '5000');`,
  );
  const stack = await startStack({ directory: join(folder, "state"), project });
  const pool = new pg.Pool({ connectionString: stack.databaseUrl, max: connections });
  let peak = 0;
  const watch = setInterval(() => {
    peak = Math.max(peak, process.memoryUsage.rss());
  }, 20);

  /** Inserts and waits for the last; the milliseconds, and what came. */
  async function deliver(insert) {
    await pool.query("truncate public.events");
    const start = performance.now();
    await insert();
    const until = performance.now() + 120_000;
    while (count < rows && performance.now() < until) await new Promise((resolve) => setTimeout(resolve, 5));
    const time = performance.now() - start;
    return { time, ids: await received() };
  }

  const atOnce = () =>
    pool.query("insert into public.events select n, 'title ' || n from generate_series(1, $1::int) as n", [
      rows,
    ]);
  const oneByOne = (table) => async () => {
    let next = 1;
    await Promise.all(
      Array.from({ length: connections }, async () => {
        for (let id = next++; id <= rows; id = next++)
          await pool.query(`insert into public.${table} values ($1, $2)`, [id, `title ${id}`]);
      }),
    );
  };
  const byFetch = async () => {
    let next = 1;
    await Promise.all(
      Array.from({ length: parallel }, async () => {
        for (let id = next++; id <= rows; id = next++) {
          const record = { id, title: `title ${id}` };
          const common = { type: "INSERT", table: "events", schema: "public" };
          const body = JSON.stringify({ ...common, record, old_record: null });
          const headers = { "content-type": "application/json" };
          await (await fetch(url, { method: "POST", headers, body })).text();
        }
      }),
    );
  };

  try {
    // The floor, warm on both sides.
    await deliver(byFetch);
    const before = process.memoryUsage.rss();
    peak = before;
    const floor = await deliver(byFetch);
    const start = performance.now();
    await oneByOne("untold")();
    const untold = performance.now() - start;
    for (const { how, insert, theirs, against, goal } of [
      {
        how: "in one statement",
        insert: atOnce,
        theirs: floor.time,
        against: "plain keep-alive POSTs by fetch",
        goal: 2,
      },
      {
        how: `in ${rows} transactions of ${connections} connections`,
        insert: oneByOne("events"),
        theirs: untold + floor.time,
        against: "the same transactions without a webhook, then plain POSTs",
        goal: 2,
      },
    ]) {
      const { time, ids } = await deliver(insert);
      const lost = rows - new Set(ids).size;
      const twice = ids.length - new Set(ids).size;
      const ahead = ids.map((id, place) => Math.abs(id - 1 - place)).toSorted((a, b) => a - b);
      console.log(
        `${rows} rows ${how}: ${lost} lost, ${twice} told twice; out of their place by ${ahead[rows / 2]} at the median, ${ahead.at(-1)} at most; goal 0 and 0 ${lost + twice === 0 ? "met" : "MISSED"}`,
      );
      const unit = (milliseconds) => `${Math.round(rows / (milliseconds / 1000))}/s`;
      reportRatio(`rows inserted ${how} and told`, { ours: time, theirs }, { against, goal, unit });
    }
    const grown = Math.round((peak - before) / 2 ** 20);
    console.log(
      `memory that telling ${2 * rows} rows took at most: ${grown} MB more, goal ≤ ${memoryGoal} MB ${grown <= memoryGoal ? "met" : "MISSED"}`,
    );
  } finally {
    clearInterval(watch);
    await pool.end();
    await stack.stop();
    receiver.kill();
    await rm(folder, { recursive: true, force: true });
  }
}
