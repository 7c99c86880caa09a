import type { ClientBase } from "pg";
import { claimsIn } from "../doctor/schema/claims.js";
import { splitConjuncts } from "../doctor/schema/expression.js";
import { quoteIdentifier } from "../doctor/schema/quote.js";
import type { SchemaPolicy, Verb } from "../doctor/schema/types.js";
import type { PolicyOutcome } from "./explanation.js";
import type { ExplainRequest } from "./request.js";
import { tryQuery } from "./session.js";

/** A policy's outcome, with what the words about it are made from. */
export interface Tried extends PolicyOutcome {
  policy: SchemaPolicy;
  /** Claims that the deciding condition reads and the token lacks. */
  missing: string[];
  /** What the policy failed with. */
  message?: string;
}

/** The condition that decides for a verb: of a policy for inserts its check, else what rows it is about. */
export function conditionFor({ using, check }: SchemaPolicy, verb: Verb): string {
  return (verb === "insert" ? (check ?? using) : using) ?? "true";
}

/**
 * Tries a policy as the user without any row: each condition that reads no column is true or false for all of them. With
 * a row to insert, the whole check is tried on it.
 */
export async function tryPolicy(
  client: ClientBase,
  policy: SchemaPolicy,
  verb: Verb,
  claims: Record<string, unknown>,
  row?: { request: ExplainRequest; values: string },
): Promise<Tried> {
  const condition = conditionFor(policy, verb);
  const about = { name: policy.name, permissive: policy.permissive, verb: policy.verb, condition, policy };
  let dependsOnRow = false;
  for (const part of splitConjuncts(condition)) {
    const called = policy.functions.filter(({ name }) => part.includes(`${name}(`));
    const missing = [part, ...called.map(({ source }) => source)]
      .flatMap(claimsIn)
      .filter((name) => claims[name] === undefined);
    const from = row ? rowSource(row.request) : "";
    const { rows, error } = await tryQuery<{ holds: boolean | null }>(
      client,
      `select (${part})::boolean as holds${from}`,
      row ? [row.values] : [],
    );
    const because = part === condition ? {} : { because: part };
    if (error && (row || !readsColumns(error.code)))
      return { ...about, ...because, outcome: "fails", missing, message: error.message };
    if (error) dependsOnRow = true;
    else if (!rows[0]?.holds) return { ...about, ...because, outcome: "refuses", missing };
  }
  return { ...about, outcome: dependsOnRow ? "row" : "passes", missing: [] };
}

// undefined_column, and undefined_table for a column that is named with its table.
const readsColumns = (code: string | undefined) => code === "42703" || code === "42P01";

/** The row under the table's own name, as policies call it. No table is read. */
function rowSource({ table }: ExplainRequest): string {
  const type = [table.schema, table.name].map(quoteIdentifier).join(".");
  return ` from jsonb_populate_record(null::${type}, $1::jsonb) as ${quoteIdentifier(table.name)}`;
}

/** The row as it would be written: what isn't given comes from the columns' defaults, as the user. Nothing is drawn from a sequence. */
export async function completeRow(client: ClientBase, request: ExplainRequest): Promise<string> {
  const given = request.row ?? {};
  const { rows } = await client.query(
    `select a.attname as name, pg_get_expr(d.adbin, d.adrelid) as value
     from pg_catalog.pg_attrdef d
     join pg_catalog.pg_attribute a on a.attrelid = d.adrelid and a.attnum = d.adnum
     join pg_catalog.pg_class c on c.oid = d.adrelid
     join pg_catalog.pg_namespace n on n.oid = c.relnamespace
     where n.nspname = $1 and c.relname = $2 and a.attgenerated = ''`,
    [request.table.schema, request.table.name],
  );
  const values: Record<string, unknown> = { ...given };
  for (const { name, value } of rows as { name: string; value: string }[]) {
    if (name in given || /\b(?:nextval|setval)\(/.test(value)) continue;
    const attempt = await tryQuery<{ value: unknown }>(client, `select to_jsonb(${value}) as value`);
    if (attempt.rows) values[name] = attempt.rows[0]?.value;
  }
  return JSON.stringify(values);
}
