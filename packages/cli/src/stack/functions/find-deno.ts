import { execFile, execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, rename, rm } from "node:fs/promises";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { StackError } from "../errors.js";

const version = "2.9.6";

/**
 * The Deno to run functions with: the one `BEHALF_DENO` names, the one on `PATH`, or npm's, which is installed into the user's cache when the first
 * function is called. It takes 90 MB, so only who has functions gets it.
 *
 * @throws {StackError} `ERR_STACK_NO_DENO`
 */
export async function findDeno(report: (message: string) => void): Promise<string> {
  const named = process.env.BEHALF_DENO;
  if (named) return named;
  if (isUsable("deno")) return "deno";
  const folder = join(process.env.XDG_CACHE_HOME ?? join(homedir(), ".cache"), "behalf", `deno-${version}`);
  const binary = join(
    folder,
    "node_modules",
    packageName(),
    process.platform === "win32" ? "deno.exe" : "deno",
  );
  if (!existsSync(binary)) {
    report(`Installing Deno ${version} for Edge Functions …`);
    await install(folder);
  }
  return binary;
}

/** Older ones than 2.4 can't preload, by which a function gets what Deno itself hasn't. */
function isUsable(command: string): boolean {
  try {
    const [, major, minor] =
      /^deno (\d+)\.(\d+)/.exec(
        execFileSync(command, ["--version"], { stdio: ["ignore", "pipe", "ignore"] }).toString(),
      ) ?? [];
    return Number(major) > 2 || (Number(major) === 2 && Number(minor) >= 4);
  } catch {
    return false;
  }
}

/** Into a temporary folder that is renamed at the end: two that install at once, or one that is killed, leave nothing half-done. */
async function install(folder: string): Promise<void> {
  const temporary = await mkdtemp(join(tmpdir(), "behalf-deno-"));
  try {
    const args = ["install", "--prefix", temporary, "--no-audit", "--no-fund", `${packageName()}@${version}`];
    await promisify(execFile)("npm", args, { shell: process.platform === "win32" });
    await mkdir(join(folder, ".."), { recursive: true });
    await rename(temporary, folder).catch(async (error) => {
      if (!existsSync(folder)) await moveAcrossDevices(temporary, folder, error);
    });
  } catch (cause) {
    throw new StackError(
      "ERR_STACK_NO_DENO",
      `Edge Functions need Deno, and npm could not install it. Install it yourself (https://deno.com) or name it in BEHALF_DENO.`,
      { cause },
    );
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
}

async function moveAcrossDevices(from: string, to: string, error: unknown): Promise<void> {
  if ((error as { code?: string }).code !== "EXDEV") throw error;
  const { cp } = await import("node:fs/promises");
  const beside = `${to}.${process.pid}`;
  await cp(from, beside, { recursive: true });
  await rename(beside, to);
}

function packageName(): string {
  const system =
    process.platform === "linux" ? `linux-${process.arch}-glibc` : `${process.platform}-${process.arch}`;
  return `@deno/${system}`;
}
