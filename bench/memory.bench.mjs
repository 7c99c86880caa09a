// Memory of an idle `behalf dev`, all its processes together (proportional set size, Linux).
import { spawn } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { cp, mkdir, mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";

const goal = 350;
const root = fileURLToPath(new URL("..", import.meta.url));

if (process.platform !== "linux") {
  console.log("memory of an idle behalf dev: measured on Linux only (needs /proc)");
} else {
  // Inside the workspace, so that the project's imports resolve.
  await mkdir(join(root, "artifacts"), { recursive: true });
  const project = await mkdtemp(join(root, "artifacts", "memory-"));
  await cp(join(root, "examples/database-operations"), project, {
    recursive: true,
    filter: (path) => !path.endsWith(".behalf"),
  });
  const dev = spawn(process.execPath, [join(root, "packages/cli/bin/behalf.js"), "dev"], {
    cwd: project,
    stdio: ["ignore", "pipe", 2],
  });
  try {
    let output = "";
    for await (const chunk of dev.stdout.setEncoding("utf8").iterator({ destroyOnReturn: false })) {
      output += chunk;
      if (output.includes("Ctrl-C stops")) break;
    }
    dev.stdout.resume();
    await sleep(10_000);
    const processes = descendants(dev.pid);
    const total = processes.reduce((sum, { pss }) => sum + pss, 0);
    console.log(
      `memory of an idle behalf dev: ${Math.round(total)} MB in ${processes.length} processes, goal ≤ ${goal} MB ${total <= goal ? "met" : "MISSED"}`,
    );
    for (const { name, pss } of processes.sort((a, b) => b.pss - a.pss).slice(0, 5))
      console.log(`  ${Math.round(pss)} MB ${name}`);
  } finally {
    dev.kill("SIGINT");
    await new Promise((resolve) => dev.once("close", resolve));
    await rm(project, { recursive: true, force: true });
  }
}

/** The process and all that it started, also those that changed their session. */
function descendants(root) {
  const parents = new Map();
  for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
    try {
      parents.set(Number(pid), Number(/\) \S+ (\d+)/.exec(readFileSync(`/proc/${pid}/stat`, "utf8"))?.[1]));
    } catch {
      // Ended in the meantime.
    }
  }
  const found = new Set([root]);
  for (let size = 0; size !== found.size; ) {
    size = found.size;
    for (const [pid, parent] of parents) if (found.has(parent)) found.add(pid);
  }
  return [...found].flatMap((pid) => {
    try {
      const pss =
        Number(/^Pss:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, "utf8"))?.[1]) / 1024;
      const name = readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0")[0].split("/").at(-1);
      return [{ pss, name }];
    } catch {
      return [];
    }
  });
}
