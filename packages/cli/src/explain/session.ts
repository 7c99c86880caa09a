import type { ClientBase } from "pg";
import { DatabaseError } from "pg";

/** The transaction as PostgREST would have set it up: every setting is local and ends with it. */
export async function becomeUser(
  client: ClientBase,
  claims: Record<string, unknown>,
  role: string,
): Promise<void> {
  // A single claim's own setting would win over the claims; a connection may have one from before.
  await client.query(
    `select set_config('request.jwt.claim.sub', '', true), set_config('request.headers', '{}', true),
       set_config('request.jwt.claims', $1, true), set_config('statement_timeout', '20s', true), set_config('role', $2, true)`,
    [JSON.stringify(claims), role],
  );
}

/** What a query came to that may fail without ending the transaction. */
export type Outcome<Row> = { rows: Row[]; error?: undefined } | { rows?: undefined; error: DatabaseError };

export async function tryQuery<Row>(
  client: ClientBase,
  sql: string,
  values: unknown[] = [],
): Promise<Outcome<Row>> {
  await client.query("savepoint attempt");
  try {
    const { rows } = await client.query(sql, values);
    await client.query("release savepoint attempt");
    return { rows: rows as Row[] };
  } catch (error) {
    if (!(error instanceof DatabaseError)) throw error;
    await client.query("rollback to savepoint attempt");
    return { error };
  }
}
