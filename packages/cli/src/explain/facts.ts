import type { ClientBase } from "pg";
import { readSql } from "../doctor/schema/read-sql.js";
import type { SchemaPolicy, SchemaTable } from "../doctor/schema/types.js";
import type { ExplainRequest } from "./request.js";
import { tryQuery } from "./session.js";

/** What the catalog says about one table and one role. */
export interface Facts {
  exposed: string[];
  /** Whether the role is there and the API may become it. */
  hasRole: boolean;
  table: SchemaTable | undefined;
  /** The policies that are for the role, whatever their verb. */
  policies: SchemaPolicy[];
  /** Policies of the table that are for other roles only. */
  others: SchemaPolicy[];
  /** False: there is no such user, undefined: can't be told. */
  hasUser: boolean | undefined;
  /** The function that PostgREST calls before each request. */
  preRequest: string | undefined;
}

/** Reads the facts as the connection's own role; the transaction's search_path has to be empty. */
export async function readFacts(
  client: ClientBase,
  { table, user }: ExplainRequest,
  role: string,
  configured: readonly string[],
): Promise<Facts> {
  const rows = async <Row>(sql: string, ...values: unknown[]) =>
    (await client.query(sql, values)).rows as Row[];
  const [setting] = await rows<{ schemas: string }>(readSql("schemas"));
  const [membership] = await rows<{ reachable: boolean; roles: string[] }>(
    `select pg_has_role('authenticator', oid, 'MEMBER') as reachable,
       array(select r.rolname::text from pg_roles r where pg_has_role(p.oid, r.oid, 'USAGE')) as roles
     from pg_roles p where rolname = $1`,
    role,
  );
  const tables = await rows<SchemaTable>(readSql("tables"), [table.schema], [role]);
  const policies = (await rows<SchemaPolicy>(readSql("policies"), [table.schema])).filter(
    (policy) => policy.table === table.name,
  );
  const isFor = ({ roles }: SchemaPolicy) =>
    roles.includes("public") || roles.some((name) => membership?.roles.includes(name));
  return {
    exposed: setting?.schemas.split(",").map((name) => name.trim()) ?? [...configured],
    hasRole: membership?.reachable ?? false,
    table: tables.find(({ name }) => name === table.name),
    policies: policies.filter(isFor),
    others: policies.filter((policy) => !isFor(policy)),
    hasUser: await findUser(client, user),
    preRequest: (await rows<{ name: string }>(readSql("pre-request")))[0]?.name,
  };
}

async function findUser(client: ClientBase, user: string): Promise<boolean | undefined> {
  const { rows } = await tryQuery<{ found: boolean }>(
    client,
    "select exists (select from auth.users where id::text = lower($1)) as found",
    [user],
  );
  return rows?.[0]?.found;
}
