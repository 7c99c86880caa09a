import { existsSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { join, relative, resolve, sep } from "node:path";

const configNames = ["trigger.config.ts", "trigger.config.mts", "trigger.config.js", "trigger.config.mjs"];
const source = /\.[cm]?[jt]sx?$/;
const notTasks = /(\.d\.[cm]?ts|\.(test|spec)\.[cm]?[jt]sx?)$/;

export function findConfigFile(project: string): string | undefined {
  return configNames.map((name) => join(project, name)).find((file) => existsSync(file));
}

/** The folders that hold tasks: those the config names, or Trigger.dev's usual places. */
export function taskFolders(project: string, dirs: string[] | undefined): string[] {
  return (dirs ?? ["./trigger", "./src/trigger"]).map((dir) => resolve(project, dir));
}

/** Task files below the folders, relative to the project, in a stable order. Tests and declarations are none. */
export async function findTaskFiles(
  project: string,
  dirs: string[] | undefined,
  ignorePatterns: string[],
): Promise<string[]> {
  const found = new Set<string>();
  for (const folder of taskFolders(project, dirs)) {
    if (!existsSync(folder)) continue;
    for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
      const path = relative(project, join(entry.parentPath, entry.name)).split(sep).join("/");
      if (!entry.isFile() || !source.test(path) || notTasks.test(path) || path.includes("node_modules/"))
        continue;
      if (ignorePatterns.some((pattern) => globToRegExp(pattern).test(path))) continue;
      found.add(path);
    }
  }
  // An init file registers hooks for all tasks, so it comes first.
  return [...found].sort((a, b) => Number(isInit(b)) - Number(isInit(a)) || a.localeCompare(b));
}

const isInit = (path: string) => /(^|\/)init\.[cm]?[jt]sx?$/.test(path);

/** The globs people write into `ignorePatterns`: `*`, `**` and `?`. */
function globToRegExp(glob: string): RegExp {
  const body = glob
    .replace(/^\.\//, "")
    .replace(/[.+^${}()|[\]\\]/g, "\\$&")
    .replace(/\*\*\/|\*\*|\*|\?/g, (wildcard) =>
      wildcard === "**/" ? "(?:.*/)?" : wildcard === "**" ? ".*" : wildcard === "*" ? "[^/]*" : "[^/]",
    );
  return new RegExp(`^${body}$`);
}
