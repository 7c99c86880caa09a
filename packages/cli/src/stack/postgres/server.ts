import { spawnSync } from "node:child_process";
import { StackError } from "../errors.js";
import { findFreePort } from "../processes/free-port.js";
import { inheritedEnvironment } from "../processes/inherited-environment.js";
import { ManagedProcess } from "../processes/managed-process.js";
import { type Cluster, dataArgument } from "./cluster.js";
import { installPlaceholders } from "./placeholders.js";

export interface PostgresServer {
  port: number;
  process: ManagedProcess;
  stop(): Promise<void>;
}

const settings = {
  listen_addresses: "127.0.0.1",
  unix_socket_directories: "",
  max_connections: "100",
  timezone: "UTC",
  log_timezone: "UTC",
  log_checkpoints: "off",
};

/** Starts Postgres on `preferredPort`, or on another if that is taken, and returns once it accepts connections. */
export async function startPostgres(
  cluster: Cluster,
  preferredPort: number | undefined,
  secrets: string[],
): Promise<PostgresServer> {
  const started = Date.now();
  for (let port = await findFreePort(preferredPort); ; port = await findFreePort()) {
    const server = launch(cluster, port, secrets);
    while (server.ending === undefined && !server.output.includes("ready to accept connections"))
      await server.nextChange(1_000);
    if (server.ending === undefined)
      return { port, process: server, stop: () => stopPostgres(cluster, server) };
    if (/could not create any TCP\/IP sockets/.test(server.output)) continue;
    // What is left of a Postgres that was killed ends by itself, a moment later.
    if (/shared memory block .* is still in use/.test(server.output) && Date.now() - started < 30_000) {
      await new Promise((resolve) => setTimeout(resolve, 100));
      continue;
    }
    throw new StackError(
      "ERR_STACK_START_FAILED",
      `Postgres did not start (${server.ending}). Its last words:\n${server.output}`,
    );
  }
}

function launch(cluster: Cluster, port: number, secrets: string[]): ManagedProcess {
  return new ManagedProcess({
    name: "Postgres",
    command: cluster.binaries.postgres,
    args: [
      "-D",
      dataArgument(cluster),
      "-p",
      `${port}`,
      ...Object.entries({ ...settings, extension_control_path: installPlaceholders(cluster) }).flatMap(
        ([name, value]) => ["-c", `${name}=${value}`],
      ),
    ],
    cwd: cluster.data,
    env: inheritedEnvironment(),
    account: cluster.account,
    secrets,
  });
}

/** Fast, in Postgres' sense: whoever is connected is sent away, what is committed is written. */
async function stopPostgres(cluster: Cluster, server: ManagedProcess): Promise<void> {
  if (process.platform !== "win32") return server.stop("SIGINT", "SIGQUIT");
  // There a signal is a kill; pg_ctl speaks with the server over a pipe instead.
  spawnSync(cluster.binaries.pgCtl, ["stop", "-D", cluster.data, "-m", "fast"], { windowsHide: true });
  return server.stop("SIGINT", "SIGKILL");
}
