import { existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { StackError } from "../errors.js";
import { commandLineOf, workingDirectoryOf } from "../processes/inspect-process.js";
import type { Cluster } from "./cluster.js";

/**
 * Ends the Postgres that a killed run left on this data directory, and removes a stale pid file. The caller holds the
 * stack's lock, so whatever runs here has no owner; a pid that is not a Postgres on this very directory is left alone.
 */
export async function endOrphan(cluster: Cluster): Promise<void> {
  const file = join(cluster.data, "postmaster.pid");
  if (!existsSync(file)) return;
  const pid = Number(readFileSync(file, "utf8").split("\n")[0]);
  if (servesCluster(pid, cluster)) {
    process.kill(pid, "SIGINT");
    await waitForEnd(pid, cluster);
  }
  rmSync(file, { force: true });
}

function servesCluster(pid: number, cluster: Cluster): boolean {
  const command = commandLineOf(pid);
  if (!command?.includes("postgres")) return false;
  return workingDirectoryOf(pid) === cluster.data || command.includes(cluster.data);
}

async function waitForEnd(pid: number, cluster: Cluster): Promise<void> {
  const started = Date.now();
  let urged = false;
  // Not whether the pid exists: in a container whose first process reaps nobody, what has ended stays as a zombie.
  while (servesCluster(pid, cluster)) {
    const waited = Date.now() - started;
    if (waited > 10_000 && !urged) {
      urged = true;
      process.kill(pid, "SIGQUIT");
    }
    if (waited > 60_000) {
      throw new StackError(
        "ERR_STACK_START_FAILED",
        `The Postgres (pid ${pid}) that an earlier run left on ${cluster.data} doesn't end. End it by hand, then start again.`,
      );
    }
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
