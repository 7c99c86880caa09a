import { writeFileSync } from "node:fs";
import { request } from "node:http";
import type { ApiConfig } from "../config/types.js";
import { StackError } from "../errors.js";
import { findFreePort } from "../processes/free-port.js";
import { inheritedEnvironment } from "../processes/inherited-environment.js";
import { ManagedProcess } from "../processes/managed-process.js";
import { readJsonFile, writeJsonFile } from "../state/json-file.js";
import { endPostgrestOrphan } from "./orphan.js";

export interface PostgrestOptions {
  binary: string;
  /** Holds no setting; in the command line it says whose process this is. */
  settingsFile: string;
  databaseUrl: string;
  /** JWK set, as JSON, of all keys whose signatures count. */
  jwks: string;
  api: ApiConfig;
  secrets: string[];
}

export interface PostgrestServer {
  port: number;
  process: ManagedProcess;
  stop(): Promise<void>;
}

/** Starts PostgREST and returns once its schema cache is loaded. Password and keys go by environment: arguments are everybody's to read. */
export async function startPostgrest(options: PostgrestOptions): Promise<PostgrestServer> {
  const traceFile = `${options.settingsFile}.pid`;
  endPostgrestOrphan(readJsonFile<number>(traceFile), options.settingsFile);
  writeFileSync(options.settingsFile, "# The settings come by environment.\n", { mode: 0o600 });
  for (let attempt = 1; ; attempt += 1) {
    const [port, adminPort] = await Promise.all([findFreePort(), findFreePort()]);
    const server = new ManagedProcess({
      name: "PostgREST",
      command: options.binary,
      args: [options.settingsFile],
      env: {
        ...inheritedEnvironment(),
        ...settingsOf(options),
        PGRST_SERVER_PORT: `${port}`,
        PGRST_ADMIN_SERVER_PORT: `${adminPort}`,
      },
      secrets: options.secrets,
    });
    writeJsonFile(traceFile, server.pid ?? 0);
    while (server.ending === undefined && !(await isReady(adminPort))) await server.nextChange(10);
    if (server.ending === undefined)
      return { port, process: server, stop: () => server.stop("SIGTERM", "SIGKILL", 5_000) };
    if (attempt < 5 && /address already in use|resource busy/i.test(server.output)) continue;
    throw new StackError(
      "ERR_STACK_START_FAILED",
      `PostgREST did not start (${server.ending}). Its last words:\n${server.output}`,
    );
  }
}

function settingsOf({ databaseUrl, jwks, api }: PostgrestOptions): Record<string, string> {
  return {
    PGRST_DB_URI: databaseUrl,
    PGRST_DB_SCHEMAS: api.schemas.join(","),
    PGRST_DB_EXTRA_SEARCH_PATH: api.extraSearchPath.join(","),
    PGRST_DB_MAX_ROWS: `${api.maxRows}`,
    PGRST_DB_ANON_ROLE: "anon",
    // A task that opens many requests at once waits for a connection instead of failing.
    PGRST_DB_POOL_ACQUISITION_TIMEOUT: "60",
    PGRST_JWT_SECRET: jwks,
    // Checking an ES256 signature takes longer than a small query. Entries end with their token, and the keys only change with a restart.
    PGRST_JWT_CACHE_MAX_LIFETIME: "60",
    PGRST_SERVER_HOST: "127.0.0.1",
    PGRST_LOG_LEVEL: "error",
  };
}

function isReady(adminPort: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = request(
      { host: "127.0.0.1", port: adminPort, path: "/ready", agent: false },
      (response) => {
        response.resume();
        resolve(response.statusCode === 200);
      },
    );
    probe.once("error", () => resolve(false));
    probe.end();
  });
}
