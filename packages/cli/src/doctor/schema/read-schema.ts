import type { ClientBase } from "pg";
import { readSql } from "./read-sql.js";
import type { Schema, SchemaFunction, SchemaPolicy, SchemaRole, SchemaTable } from "./types.js";

/**
 * Reads the catalog in one read-only transaction. `configured` are the schemas of supabase/config.toml, which count
 * where the database doesn't say which ones its API serves.
 */
export async function readSchema(client: ClientBase, configured: readonly string[]): Promise<Schema> {
  await client.query("begin transaction isolation level repeatable read, read only");
  try {
    // Every name is then written with its schema.
    await client.query("set local search_path = ''");
    const rows = async <Row>(name: string, ...values: unknown[]) =>
      (await client.query(readSql(name), values)).rows as Row[];
    const [setting] = await rows<{ schemas: string }>("schemas");
    const exposed = setting?.schemas.split(",").map((name) => name.trim()) ?? [...configured];
    const roles = await rows<SchemaRole>("roles");
    const names = [...roles.map(({ name }) => name), "service_role"];
    return {
      exposed,
      roles,
      tables: await rows<SchemaTable>("tables", exposed, names),
      policies: await rows<SchemaPolicy>("policies", exposed),
      functions: await rows<SchemaFunction>("functions", exposed, names),
    };
  } finally {
    await client.query("rollback");
  }
}
