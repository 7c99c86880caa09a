import { StackError } from "../errors.js";
import { findFreePort } from "../processes/free-port.js";
import { inheritedEnvironment } from "../processes/inherited-environment.js";
import { ManagedProcess } from "../processes/managed-process.js";
import { type Cluster, dataArgument } from "./cluster.js";

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
  for (let attempt = 1; ; attempt += 1) {
    const port = await findFreePort(attempt === 1 ? preferredPort : 0);
    const server = new ManagedProcess({
      name: "Postgres",
      command: cluster.binaries.postgres,
      args: [
        "-D",
        dataArgument(cluster),
        "-p",
        `${port}`,
        ...Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`]),
      ],
      cwd: cluster.data,
      env: inheritedEnvironment(),
      account: cluster.account,
      secrets,
    });
    while (server.ending === undefined && !server.output.includes("ready to accept connections"))
      await server.nextChange(1_000);
    if (server.ending === undefined)
      return { port, process: server, stop: () => server.stop("SIGINT", "SIGQUIT") };
    if (attempt < 5 && server.output.includes("could not create any TCP/IP sockets")) continue;
    throw new StackError(
      "ERR_STACK_START_FAILED",
      `Postgres did not start (${server.ending}). Its last words:\n${server.output}`,
    );
  }
}
