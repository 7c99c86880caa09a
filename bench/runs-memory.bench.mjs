// Memory of the server and of its task process after 10,000, 50,000 and 100,000 runs that log and trace, and the rows left once old
// runs are pruned. What grows with the number of runs is a leak.
import { execFileSync, fork } from "node:child_process";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { startRuntime } from "@behalf/cli";
import { query, withProject } from "./runtime.mjs";

const stops = [10_000, 50_000, 100_000];
const goal = 1.5;
const keepRuns = 10_000;

if (process.send) await serve();
else {
  const task = `export const logs = task({ id: "logs", run: async (n) => {
  logger.info("run " + n);
  await logger.trace("work", async () => {});
} });`;
  await withProject(task, measure);
}

/** In a process of its own: a runtime that triggers runs when told how many, and tells when all have ended. */
async function serve() {
  const [options] = await once(process, "message");
  const runtime = await startRuntime({ ...options, keepRuns });
  process.on("message", async (many) => {
    for (let left = many; left > 0; left -= 500) {
      const some = Array.from({ length: Math.min(500, left) }, (_, n) => runtime.trigger("logs", n));
      const ids = await Promise.all(some);
      await Promise.all(ids.map(({ id }) => runtime.waitForRun(id)));
    }
    process.send("done");
  });
  process.send("ready");
}

async function measure(options) {
  const server = fork(fileURLToPath(import.meta.url));
  try {
    server.send(options);
    await once(server, "message");
    const seen = [];
    let before = 0;
    for (const stop of stops) {
      server.send(stop - before);
      before = stop;
      await once(server, "message");
      // Lets the collector of either process do what it does when there is time.
      await sleep(3000);
      const memory = { server: residentOf(server.pid), worker: residentOf(taskProcessOf(server.pid)) };
      seen.push(memory);
      console.log(`after ${stop} runs: server ${memory.server} MB, task process ${memory.worker} MB`);
    }
    for (const side of ["server", "worker"]) {
      const [first, last] = [seen[0][side], seen.at(-1)[side]];
      const ratio = last / first;
      const name = side === "server" ? "server" : "task process";
      console.log(
        `memory of the ${name} after 100,000 runs: ${ratio.toFixed(3)}× (${last} MB / ${first} MB after 10,000) goal ≤ ${goal}× ${ratio <= goal ? "met" : "MISSED"}`,
      );
    }
    await reportRows(options.adminDatabaseUrl);
  } finally {
    server.kill("SIGKILL");
    await once(server, "exit");
  }
}

/** The runtime prunes once a minute. */
async function reportRows(url) {
  const count = async () => {
    const sql =
      "select (select count(*) from runtime.runs)::int as runs, (select count(*) from runtime.run_events)::int as events";
    return (await query(url, sql, "behalf_runtime"))[0];
  };
  let rows = await count();
  for (let i = 0; i < 90 && rows.runs > keepRuns; i++) {
    await sleep(1000);
    rows = await count();
  }
  console.log(
    `rows left of 100,000 runs: ${rows.runs} runs, ${rows.events} events, goal ≤ ${keepRuns} runs ${rows.runs <= keepRuns ? "met" : "MISSED"}`,
  );
}

function taskProcessOf(parent) {
  const listing = execFileSync("ps", ["-A", "-o", "pid=,ppid=,args="], { encoding: "utf8" });
  for (const line of listing.split("\n")) {
    const [pid, ppid, ...args] = line.trim().split(/\s+/);
    if (Number(ppid) === parent && args.join(" ").includes("worker/main.js")) return Number(pid);
  }
  throw new Error("The server has no task process.");
}

function residentOf(pid) {
  const kilobytes = execFileSync("ps", ["-o", "rss=", "-p", String(pid)], { encoding: "utf8" });
  return Math.round(Number(kilobytes) / 1024);
}
