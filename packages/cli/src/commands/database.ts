import pg from "pg";
import { UsageError } from "../errors.js";
import { openProject, type Project } from "../project/folder.js";
import { findLocalVariables } from "./local-variables.js";

/**
 * Opens the project's database for the time of `work`: the one that SUPABASE_DB_URL names in the environment or the
 * project's `.env` files, or a running `behalf dev`'s. A connection string is a secret, so no option takes one.
 *
 * @throws {UsageError} `ERR_USAGE_NO_DATABASE` where there is none or it can't be reached.
 */
export async function withDatabase<T>(
  dir: string,
  work: (client: pg.Client, project: Project) => Promise<T>,
): Promise<T> {
  const project = openProject(dir);
  const connectionString =
    project.environment.SUPABASE_DB_URL ??
    process.env.SUPABASE_DB_URL ??
    (await findLocalVariables(project))?.SUPABASE_DB_URL;
  if (!connectionString)
    throw new UsageError(
      "ERR_USAGE_NO_DATABASE",
      `SUPABASE_DB_URL is not set, and nothing is running for ${project.folder}. Start \`behalf dev\`, or set the variable to the project's connection string.`,
    );
  const client = new pg.Client({ connectionString, connectionTimeoutMillis: 20_000 });
  // A server that goes away meanwhile fails the query that waits for it.
  client.on("error", () => undefined);
  try {
    await client.connect();
  } catch (cause) {
    const { code } = cause as { code?: string };
    throw new UsageError(
      "ERR_USAGE_NO_DATABASE",
      `The database of SUPABASE_DB_URL can't be reached${code ? ` (${code})` : ""}. Check the connection string.`,
      { cause },
    );
  }
  try {
    return await work(client, project);
  } finally {
    await client.end();
  }
}
