import { endpointVariables } from "../project/environment.js";
import type { Project } from "../project/folder.js";
import { findRunning } from "../project/running.js";

/** What a running `behalf dev` of the folder gives its tasks, and its database; undefined where none runs. */
export async function findLocalVariables(project: Project): Promise<Record<string, string> | undefined> {
  const running = await findRunning(project);
  if (!running) return undefined;
  const endpoints = await running.status();
  return { ...endpointVariables(endpoints), SUPABASE_DB_URL: endpoints.databaseUrl };
}
