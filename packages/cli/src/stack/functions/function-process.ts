import { existsSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { findFreePort } from "../processes/free-port.js";
import { inheritedEnvironment } from "../processes/inherited-environment.js";
import { ManagedProcess } from "../processes/managed-process.js";

export interface FunctionProcessOptions {
  name: string;
  deno: string;
  /** `supabase/functions` */
  folder: string;
  entrypoint: string;
  importMap: string | undefined;
  environment: Record<string, string>;
  onLine: (line: string) => void;
}

/** A function being served: where, and by which process. */
export interface FunctionProcess {
  url: string;
  process: ManagedProcess;
}

// What Supabase's edge runtime has and Deno hasn't. Here nothing ends a function between two requests, so what it began goes on by itself.
const edgeRuntime = `globalThis.EdgeRuntime = {
  waitUntil(promise) { Promise.resolve(promise).catch((error) => console.error(error)); },
};`;

/**
 * Starts one function under Deno. It may reach the network and read files, and write temporary ones, as in Supabase's edge runtime; it may start no programs.
 * Undefined when it ended before it listened: its output has said why.
 */
export async function startFunction(options: FunctionProcessOptions): Promise<FunctionProcess | undefined> {
  const { name, deno, folder, entrypoint, importMap, environment, onLine } = options;
  const port = await findFreePort();
  const config = join(folder, name, "deno.json");
  const child = new ManagedProcess({
    name: `function ${name}`,
    command: deno,
    args: [
      "run",
      "--no-prompt",
      "--quiet",
      "--allow-net",
      "--allow-env",
      "--allow-sys",
      "--allow-read",
      `--allow-write=${tmpdir()}`,
      "--preload",
      `data:text/javascript,${encodeURIComponent(edgeRuntime)}`,
      ...(existsSync(config) ? ["--config", config] : []),
      ...(importMap ? ["--import-map", importMap] : []),
      entrypoint,
    ],
    cwd: folder,
    env: {
      ...inheritedEnvironment(),
      ...environment,
      NO_COLOR: "1",
      DENO_SERVE_ADDRESS: `tcp:127.0.0.1:${port}`,
    },
    secrets: [],
    onLine,
  });
  while (child.ending === undefined) {
    if (await accepts(port)) return { url: `http://127.0.0.1:${port}`, process: child };
    await child.nextChange(25);
  }
  return undefined;
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => resolve(false));
  });
}
