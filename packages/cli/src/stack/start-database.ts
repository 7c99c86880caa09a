import { join } from "node:path";
import type { StackConfig } from "./config/types.js";
import type { StackSecrets } from "./keys/secrets.js";
import { findServerAccount } from "./postgres/account.js";
import { findPostgres } from "./postgres/binaries.js";
import { bootstrapDatabase } from "./postgres/bootstrap.js";
import { prepareCluster } from "./postgres/cluster.js";
import { endOrphan } from "./postgres/orphan.js";
import { startPostgres } from "./postgres/server.js";
import type { Guard } from "./processes/guard.js";
import { readJsonFile, writeJsonFile } from "./state/json-file.js";

export type Role = keyof StackSecrets["passwords"];

export interface Database {
  /** Whether the data was made just now. */
  created: boolean;
  urlOf(role: Role): string;
  /** Brings roles, schemas and functions up to date; true when anything was missing. */
  bootstrap(): Promise<boolean>;
}

/** Postgres on the directory's data. */
export async function startDatabase(
  directory: string,
  secrets: StackSecrets,
  config: StackConfig,
  guard: Guard,
): Promise<Database> {
  const { passwords } = secrets;
  const account = findServerAccount();
  const cluster = await prepareCluster(directory, account, findPostgres(account), passwords.supabase_admin);
  await endOrphan(cluster);
  // The project's port, and the same as last time, where possible: a database tool's saved connection goes on working.
  const portFile = join(directory, "postgres-port.json");
  const port = readJsonFile<number>(portFile) ?? config.databasePort;
  const postgres = await startPostgres(cluster, port, Object.values(passwords));
  guard(postgres);
  writeJsonFile(portFile, postgres.port);
  const urlOf = (role: Role) => `postgresql://${role}:${passwords[role]}@127.0.0.1:${postgres.port}/postgres`;
  const { supabase_admin: _, ...others } = passwords;
  const bootstrap = () =>
    bootstrapDatabase(urlOf("supabase_admin"), others, { exposeNewTables: config.api.autoExposeNewTables });
  return { created: cluster.created, urlOf, bootstrap };
}
