import { Worker } from "node:worker_threads";

/** Runs in a thread of its own: the main thread may be in a loop and hear nothing. */
const code = `
const { workerData } = require("node:worker_threads");
setInterval(() => {
  let alive = process.ppid === workerData.parent;
  try { process.kill(workerData.parent, 0); } catch { alive = false; }
  if (!alive) process.kill(process.pid, "SIGKILL");
}, 500);
`;

/** Ends this process once its parent is dead, even if task code never yields: another process will execute its runs. */
export function followParent(): void {
  const thread = new Worker(code, {
    eval: true,
    workerData: { parent: process.ppid },
    resourceLimits: { maxOldGenerationSizeMb: 8, maxYoungGenerationSizeMb: 2 },
    execArgv: [],
    env: {},
  });
  thread.unref();
  thread.on("error", () => {});
}
