import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";
import { workspace } from "./workspace.ts";

const binary = join(workspace, "packages/cli/bin/behalf.js");

export interface Ended {
  code: number | null;
  stdout: string;
  stderr: string;
}

export interface Started {
  child: ChildProcess;
  /** What it has printed on standard output so far. */
  output(): string;
  ended: Promise<Ended>;
}

interface BehalfOptions {
  cwd?: string;
  env?: Record<string, string | undefined>;
}

/** Starts the `behalf` binary as a user's shell would. Variables of this machine that name a Supabase project are left out. */
export function startBehalfCommand(args: string[], options: BehalfOptions = {}): Started {
  const inherited = Object.entries(process.env).filter(
    ([name]) => !/^(SUPABASE|TRIGGER|BEHALF|FORCE_COLOR)/.test(name),
  );
  const child = spawn(process.execPath, [binary, ...args], {
    cwd: options.cwd ?? workspace,
    env: { ...Object.fromEntries(inherited), ...options.env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const text = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"] as const) {
    child[name]?.setEncoding("utf8").on("data", (chunk: string) => {
      text[name] += chunk;
    });
  }
  const ended = new Promise<Ended>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => resolve({ code, ...text }));
  });
  return { child, output: () => text.stdout + text.stderr, ended };
}

/** Runs the `behalf` binary to its end. */
export function behalfCommand(args: string[], options?: BehalfOptions): Promise<Ended> {
  return startBehalfCommand(args, options).ended;
}
