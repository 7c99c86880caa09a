import { existsSync, readFileSync, statSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { parseEnv } from "node:util";
import { UsageError } from "../errors.js";

/** A developer's project: a folder with Supabase's files, Trigger.dev's files, or both. */
export interface Project {
  /** Absolute path. */
  folder: string;
  /** Absolute path of what we keep for it: `<folder>/.behalf`. */
  state: string;
  /** Variables of the project's own `.env` and `.env.local`; the latter wins. */
  environment: Record<string, string>;
}

const conventional = ["supabase", "trigger.config.ts", "trigger.config.js", "trigger.config.mjs"];

/**
 * Finds the project in `dir` and reads its `.env` files.
 *
 * @throws {UsageError} `ERR_USAGE_NO_FOLDER` where there is no such folder, `ERR_USAGE_NO_PROJECT` where it holds neither
 * `supabase/` nor `trigger.config.ts`.
 */
export function openProject(dir: string): Project {
  const folder = resolve(dir);
  if (!existsSync(folder) || !statSync(folder).isDirectory()) {
    throw new UsageError(
      "ERR_USAGE_NO_FOLDER",
      `There is no folder ${folder}. Name the project's folder with --dir.`,
    );
  }
  if (!conventional.some((name) => existsSync(join(folder, name)))) {
    throw new UsageError(
      "ERR_USAGE_NO_PROJECT",
      `${folder} holds neither supabase/ nor trigger.config.ts. Go to a project's folder, or name one with --dir.`,
    );
  }
  return { folder, state: join(folder, ".behalf"), environment: readEnvFiles(folder) };
}

function readEnvFiles(folder: string): Record<string, string> {
  const variables: Record<string, string> = {};
  for (const name of [".env", ".env.local"]) {
    const file = join(folder, name);
    // A folder of that name is Python's.
    if (!statSync(file, { throwIfNoEntry: false })?.isFile()) continue;
    for (const [key, value] of Object.entries(parseEnv(readFileSync(file, "utf8")))) {
      if (value !== undefined) variables[key] = value;
    }
  }
  return variables;
}

/** Creates `.behalf`, for this user's eyes only and never part of a commit. */
export async function prepareState(project: Project): Promise<void> {
  await mkdir(project.state, { recursive: true, mode: 0o700 });
  await writeFile(join(project.state, ".gitignore"), "*\n");
}
