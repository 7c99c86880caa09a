import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Target } from "./target.js";

const ignored = new Set(["node_modules", ".behalf", ".git", "dist", "build", ".next", ".trigger"]);
const interval = 200;

/** What the project's code is now, so that another is told from the same one loaded anew, into a process that replaces another. */
export async function fingerprint(folder: string): Promise<string> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  const parts = await Promise.all(
    entries.map(async (entry) => {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) return ignored.has(entry.name) ? "" : fingerprint(path);
      if (!/\.([cm]?[jt]sx?|json)$/.test(entry.name)) return "";
      const { mtimeMs, size } = await stat(path).catch(() => ({ mtimeMs: 0, size: 0 }));
      return `${path}:${mtimeMs}:${size}\n`;
    }),
  );
  return parts.sort().join("");
}

/** A project's tasks at some moment. */
export interface Loaded {
  loads: number;
  code: string;
}

/** Resolves once another version of the project's code is loaded than the one that `before` names, or the signal is aborted. */
export async function waitForReload(
  target: Target,
  folder: string,
  before: Loaded,
  signal: AbortSignal,
): Promise<Loaded> {
  let { loads } = before;
  for (;;) {
    if (signal.aborted) return before;
    const status = await target.status();
    if (status.loads !== loads) {
      loads = status.loads;
      const code = await fingerprint(folder);
      if (code !== before.code) return { loads, code };
    }
    await sleep(interval, undefined, { signal }).catch(() => {});
  }
}
