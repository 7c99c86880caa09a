import { createBehalf } from "behalf";
import { endpointVariables } from "../project/environment.js";
import { openProject } from "../project/folder.js";
import { findRunning } from "../project/running.js";
import { print, printJson } from "./terminal.js";

export interface TokenOptions {
  dir: string;
  json?: boolean;
  role?: string;
  lifetime?: string;
}

/** `behalf token <user-id>`: a token to debug with, minted from the environment, or else for the running `behalf dev`. */
export async function token(userId: string, options: TokenOptions): Promise<void> {
  const behalf = createBehalf({ environment: await findEnvironment(options.dir) });
  const minted = await behalf.mintToken(userId, {
    ...(options.role ? { role: options.role } : {}),
    ...(options.lifetime ? { lifetime: options.lifetime } : {}),
  });
  if (!options.json) return print(minted.token);
  printJson({ token: minted.token, claims: minted.claims, expiresAt: minted.expiresAt });
}

async function findEnvironment(dir: string): Promise<Record<string, string | undefined>> {
  if (process.env.SUPABASE_URL ?? process.env.SUPABASE_PROJECT_URL) return process.env;
  const project = openProject(dir);
  const running = await findRunning(project);
  return {
    ...process.env,
    ...project.environment,
    ...(running ? endpointVariables(await running.status()) : {}),
  };
}
