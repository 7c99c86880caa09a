import { UsageError } from "../../errors.js";
import type { Project } from "../../project/folder.js";
import { findRunning } from "../../project/running.js";

/** What a worker needs of the machine whose queue it works on. */
export interface WorkerSettings {
  /** The first machine's `TRIGGER_API_URL`. */
  server: string;
  secretKey: string;
  /** Connection string of the cluster's superuser. */
  databaseUrl: string;
  /** The variables that task code sees. */
  environment: Record<string, string>;
}

export interface SettingsOptions {
  server?: string;
  /** Name of the variable that holds the connection string. */
  databaseUrlEnv: string;
}

/**
 * Takes them from the environment and the project's `.env` files, the former first; or, with no server named, from the `behalf dev` that runs for the
 * same folder. Task code sees the same variables, as it would in any other deployment, but for the superuser's connection string.
 *
 * @throws {UsageError} `ERR_USAGE_WORKER` where something is missing.
 */
export async function readSettings(project: Project, options: SettingsOptions): Promise<WorkerSettings> {
  if (options.server === undefined) {
    const running = await findRunning(project);
    if (!running)
      throw lacking(
        `--server names no machine, and nothing is running for ${project.folder}. Name the TRIGGER_API_URL of the first machine, or start behalf dev here.`,
      );
    const given = await running.workerEnvironment();
    return split(given.TRIGGER_API_URL ?? "", "BEHALF_DATABASE_URL", { ...project.environment, ...given });
  }
  return split(options.server, options.databaseUrlEnv, {
    ...project.environment,
    ...definedVariables(process.env),
  });
}

function split(
  server: string,
  databaseUrlEnv: string,
  { [databaseUrlEnv]: databaseUrl, ...variables }: Record<string, string>,
): WorkerSettings {
  const secretKey = variables.TRIGGER_SECRET_KEY;
  for (const [name, value] of [
    [databaseUrlEnv, databaseUrl],
    ["TRIGGER_SECRET_KEY", secretKey],
  ])
    if (!value)
      throw lacking(
        `${name} is not set. On the first machine \`behalf status --env\` prints what a worker needs; put that into its environment or .env.`,
      );
  const environment = Object.fromEntries(
    // Under whatever name: task code is never the superuser.
    Object.entries(variables).filter(
      ([name, value]) => name !== "BEHALF_DATABASE_URL" && value !== databaseUrl,
    ),
  );
  return {
    server: server.replace(/\/+$/, ""),
    secretKey: secretKey as string,
    databaseUrl: databaseUrl as string,
    environment: { NODE_ENV: "development", ...environment },
  };
}

function definedVariables(variables: NodeJS.ProcessEnv): Record<string, string> {
  return Object.fromEntries(
    Object.entries(variables).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  );
}

export function lacking(message: string, cause?: unknown): UsageError {
  return new UsageError("ERR_USAGE_WORKER", message, { cause });
}
