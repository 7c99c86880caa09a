import { existsSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import { parseEnv } from "node:util";
import { UsageError } from "../../errors.js";
import type { Environment } from "../environment.js";

/** Where a project's code runs once it is deployed: where the app is hosted, Trigger.dev, Supabase's Edge Functions. */
export type Side = "app" | "tasks" | "functions";

/** A file of variables, for one side or for all of them. */
export interface EnvFile {
  side: Side | undefined;
  file: string;
}

/** The variables of one side. */
export interface SideEnvironment {
  variables: Environment;
  /** Those that a file for this side alone sets. */
  own: ReadonlySet<string>;
  /** What to call the place of a variable: a file, or "the environment". */
  placeOf(variable: string): string;
}

export type SideEnvironments = Record<Side, SideEnvironment>;

const byConvention = ".env.production";
const inheritedNames = /^(?:SUPABASE|TRIGGER|BEHALF)_/;

/**
 * The variables of each side: of the files that are named, else of `.env.production`, else of this process, which is how CI gives
 * them. A file for one side wins over one for all.
 *
 * @throws {UsageError} `ERR_USAGE_ENV_FILE` where a file that is named isn't there.
 */
export function readSides(
  folder: string,
  named: readonly EnvFile[],
  inherited: Environment,
): SideEnvironments {
  const files =
    named.length > 0 || !existsSync(resolve(folder, byConvention))
      ? named
      : [{ side: undefined, file: byConvention }];
  const read = files.map(({ side, file }) => ({ side, file, variables: readFile(folder, file) }));
  const sideOf = (name: Side): SideEnvironment => {
    const variables: Environment = {};
    const places = new Map<string, string>();
    const own = new Set<string>();
    if (files.length === 0)
      for (const [variable, value] of Object.entries(inherited))
        if (inheritedNames.test(variable) && variable !== "SUPABASE_DB_URL") variables[variable] = value;
    for (const { side, file, variables: more } of [
      ...read.filter(({ side }) => side === undefined),
      ...read.filter(({ side }) => side === name),
    ]) {
      for (const [variable, value] of Object.entries(more)) {
        variables[variable] = value;
        places.set(variable, file);
        if (side) own.add(variable);
      }
    }
    return { variables, own, placeOf: (variable) => places.get(variable) ?? "the environment" };
  };
  return { app: sideOf("app"), tasks: sideOf("tasks"), functions: sideOf("functions") };
}

function readFile(folder: string, file: string): Environment {
  const path = resolve(folder, file);
  if (!existsSync(path))
    throw new UsageError(
      "ERR_USAGE_ENV_FILE",
      `There is no file ${path}. Name one that is there, relative to the project's folder.`,
    );
  return parseEnv(readFileSync(path, "utf8"));
}
