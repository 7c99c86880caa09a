import type { AddressInfo } from "node:net";
import { type ServerType, serve } from "@hono/node-server";
import { createBehalf } from "behalf";
import { grantEnvironment } from "../project/environment.js";
import type { Project } from "../project/folder.js";
import type { Runtime } from "../runtime/index.js";
import type { Stack } from "../stack/index.js";
import { ConsoleAccess } from "./access.js";
import { createConsole } from "./app.js";
import type { ConsoleContext } from "./context.js";
import { Identities } from "./identities.js";
import { ProjectDatabase } from "./project-database.js";
import { createRedactor } from "./redact.js";
import { TriggerApi } from "./trigger-api.js";

interface ConsoleOptions {
  project: Project;
  stack: Stack;
  runtime: Runtime;
  /** Port on 127.0.0.1; 0 (the default) takes a free one. */
  port?: number;
}

/** A console that is being served. */
interface Console {
  /** To be opened in a browser. Holds this start's token: who has it may do what the page can. */
  url: string;
  close(): Promise<void>;
}

/**
 * Serves the console of a running project on 127.0.0.1.
 *
 * @example
 * ```ts
 * const { url, close } = await startConsole({ project, stack, runtime });
 * ```
 */
export async function startConsole(options: ConsoleOptions): Promise<Console> {
  const { project, stack, runtime } = options;
  const stopping = new AbortController();
  let port = 0;
  const access = new ConsoleAccess(() => port);
  const database = new ProjectDatabase(stack.databaseUrl);
  const api = new TriggerApi(runtime);
  const grantKey = grantEnvironment(project, stack.keys).BEHALF_GRANT_KEY;
  const context: ConsoleContext = {
    project,
    stack,
    runtime,
    api,
    database,
    identities: new Identities(api, database),
    behalf: createBehalf({ ...stack.keys, url: stack.url, grantKey, environment: {} }),
    redact: createRedactor(secretsOf(options, grantKey)),
  };
  const app = createConsole(context, access, stopping.signal);
  const server = serve({
    fetch: app.fetch,
    hostname: "127.0.0.1",
    port: options.port ?? 0,
    overrideGlobalObjects: false,
  });
  port = await listening(server);
  return {
    url: access.url,
    async close() {
      stopping.abort();
      const closed = new Promise((resolve) => server.close(resolve));
      if ("closeAllConnections" in server) server.closeAllConnections();
      await closed;
      await database.close();
    },
  };
}

function listening(server: ServerType): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.once("listening", () => resolve((server.address() as AddressInfo).port));
  });
}

/** Everything that a task could print and nobody should read off a screen. */
function secretsOf({ project, stack, runtime }: ConsoleOptions, grantKey: string): string[] {
  const { keys, s3 } = stack;
  const passwords = [stack.databaseUrl, stack.adminDatabaseUrl].map((url) => new URL(url).password);
  const own = Object.entries(project.environment).flatMap(([name, value]) =>
    /key|secret|token|password|credential/i.test(name) ? [value] : [],
  );
  const signing = keys.signingKeys.flatMap(({ d }) => (typeof d === "string" ? [d] : []));
  return [
    keys.publishableKey,
    keys.secretKey,
    keys.anonKey,
    keys.serviceRoleKey,
    keys.jwtSecret,
    ...signing,
    s3.secretAccessKey,
    runtime.secretKey,
    grantKey,
    ...passwords,
    ...own,
  ];
}
