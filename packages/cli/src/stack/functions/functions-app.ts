import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parseEnv } from "node:util";
import { type Context, Hono } from "hono";
import type { FunctionConfig } from "../config/types.js";
import type { GatewayEnv } from "../gateway/types.js";
import type { Guard } from "../processes/guard.js";
import { findDeno } from "./find-deno.js";
import { type FunctionProcess, startFunction } from "./function-process.js";

export interface FunctionsOptions {
  /** `supabase/functions` */
  folder: string;
  functions: Record<string, FunctionConfig>;
  /** What Supabase puts into every function's environment. */
  environment: Record<string, string>;
  /** And what else, asked for whenever a function starts. */
  moreEnvironment: (() => Promise<Record<string, string>>) | undefined;
  /** Resolves for tokens that one of the project's keys signed. */
  verifyToken: (token: string) => Promise<unknown>;
  guard: Guard;
  report: (message: string) => void;
}

/** A function and the state of the files it was started from. */
interface Served {
  version: string;
  process: Promise<FunctionProcess | undefined>;
}

/** Serves `/functions/v1/<name>`. A function is started by its first request, and anew when a file of `supabase/functions` has changed since. */
export function createFunctions(options: FunctionsOptions): Hono<GatewayEnv> {
  const { folder, functions, verifyToken, report } = options;
  const served = new Map<string, Served>();
  let deno: Promise<string> | undefined;

  function serve(name: string, config: FunctionConfig): Promise<FunctionProcess | undefined> {
    const version = stateOf(folder);
    const known = served.get(name);
    if (known && known.version === version) return known.process;
    void known?.process.then((old) => old?.process.stop("SIGTERM", "SIGKILL"));
    const started = start(name, config);
    served.set(name, { version, process: started });
    // A function that ended, or never began, is tried again by the next request.
    const forget = () => {
      if (served.get(name)?.process === started) served.delete(name);
    };
    started.then((running) => (running ? running.process.ended.then(forget) : forget()), forget);
    return started;
  }

  async function start(name: string, config: FunctionConfig): Promise<FunctionProcess | undefined> {
    deno ??= findDeno(report);
    deno.catch(() => {
      deno = undefined;
    });
    const running = await startFunction({
      name,
      deno: await deno,
      folder,
      entrypoint: config.entrypoint ?? join(folder, name, "index.ts"),
      importMap: config.importMap,
      environment: { ...options.environment, ...(await options.moreEnvironment?.()), ...readSecrets(folder) },
      onLine: (line) => report(`[${name}] ${line}`),
    });
    if (running) {
      const stop = () => running.process.stop("SIGTERM", "SIGKILL");
      options.guard({ process: running.process, stop, cure: "The next request starts it again." });
    }
    return running;
  }

  async function isSigned(authorization: string | undefined): Promise<boolean> {
    try {
      await verifyToken(/^Bearer (.+)$/i.exec(authorization ?? "")?.[1] ?? "");
      return true;
    } catch {
      return false;
    }
  }

  const app = new Hono<GatewayEnv>();
  app.all("/:name{[^/]+}/*", async (c) => {
    const name = c.req.param("name");
    const config = functions[name] ?? findOnDisk(folder, name);
    if (!config) return notFound(c);
    const authorization = c.req.header("authorization");
    // A browser's preflight carries no token.
    if (config.verifyJwt && c.req.method !== "OPTIONS") {
      if (!authorization) return c.json({ code: 401, message: "Missing authorization header" }, 401);
      if (!(await isSigned(authorization))) return c.json({ code: 401, message: "Invalid JWT" }, 401);
    }
    const running = await serve(name, config);
    if (!running) {
      return c.json({ code: "BOOT_ERROR", message: "Function failed to start (please check logs)" }, 503);
    }
    const { pathname, search } = new URL(c.req.url);
    const target = running.url + pathname.slice(pathname.indexOf(`/${name}`)) + search;
    c.set("answeredByFunction", true);
    return forward(c.req.raw, target, running);
  });
  app.all("/*", notFound);
  return app;
}

const notFound = (c: Context) =>
  c.json({ code: "NOT_FOUND", message: "Requested function was not found" }, 404);

/** How long an answer waits to learn whether the function's process has ended, so that the next request finds it gone. */
const patience = 1_000;

async function forward(request: Request, target: string, { process }: FunctionProcess): Promise<Response> {
  const headers = new Headers(request.headers);
  headers.delete("connection");
  headers.delete("host");
  try {
    const response = await fetch(target, {
      method: request.method,
      headers,
      body: request.body,
      redirect: "manual",
      // A streamed body needs it, and TypeScript's Node types don't know it.
      ...({ duplex: "half" } as object),
    });
    // fetch has undone these.
    const answered = new Headers(response.headers);
    answered.delete("content-encoding");
    answered.delete("content-length");
    return new Response(response.body, { status: response.status, headers: answered });
  } catch {
    await Promise.race([process.ended, sleep(patience, undefined, { ref: false })]);
    return Response.json(
      { code: "WORKER_ERROR", message: "Function exited due to an error (please check logs)" },
      { status: 500 },
    );
  }
}

/** A function that was added after the start. */
function findOnDisk(folder: string, name: string): FunctionConfig | undefined {
  return /^[A-Za-z][\w-]*$/.test(name) && statSync(join(folder, name, "index.ts"), { throwIfNoEntry: false })
    ? { verifyJwt: true, entrypoint: undefined, importMap: undefined }
    : undefined;
}

/** `supabase/functions/.env`, which `supabase functions serve` reads too. Names of Supabase's own are not for it to set. */
function readSecrets(folder: string): Record<string, string> {
  try {
    const entries = Object.entries(parseEnv(readFileSync(join(folder, ".env"), "utf8")));
    return Object.fromEntries(entries.filter(([name]) => !name.startsWith("SUPABASE_"))) as Record<
      string,
      string
    >;
  } catch {
    return {};
  }
}

/** Which files there are and when each was written: one that is gone, or replaced by an older one, is a change, too. */
function stateOf(folder: string): string {
  const files = readdirSync(folder, { withFileTypes: true, recursive: true }).flatMap((entry) => {
    // Deno writes its lock file itself.
    if (!entry.isFile() || entry.parentPath.includes("node_modules") || entry.name === "deno.lock") return [];
    const path = join(entry.parentPath, entry.name);
    return [`${path} ${statSync(path, { throwIfNoEntry: false })?.mtimeMs}`];
  });
  return files.join("\n");
}
