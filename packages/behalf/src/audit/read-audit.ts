import { type Condition, openSource } from "./source.js";
import type { AuditClient, AuditEntry, AuditFilter, AuditOperation, AuditQuery } from "./types.js";

/**
 * Reads the audit trail, newest entries first. A user's client reads the entries about that user's rows; the service
 * role, and a connection of the trail's owner, all of them.
 *
 * @throws AuditError `ERR_AUDIT_MISSING` when the migrations aren't applied or the API doesn't expose schema `behalf`,
 * `ERR_AUDIT_READ` when the database refuses.
 * @throws TypeError for a filter that can't be what its name says.
 *
 * @example
 * ```ts
 * import { readAudit } from "behalf/audit";
 *
 * const admin = behalf.asService({ reason: "support case 4711" });
 * for (const entry of await readAudit(admin, { table: "notes", run: "run_abc" }))
 *   console.log(entry.at, entry.operation, entry.key, entry.before, entry.after);
 * ```
 */
export async function readAudit(client: AuditClient, query: AuditQuery = {}): Promise<AuditEntry[]> {
  const limit = query.limit ?? 100;
  if (!Number.isInteger(limit) || limit < 1 || limit > 1000)
    throw new TypeError("limit has to be a whole number from 1 to 1000.");
  const ascending = query.first === "oldest";
  const rows = await openSource(client).select("audit_log", {
    conditions: conditionsOf(query),
    order: ["statement_id", "entry", "ordinal"].map((column) => ({ column, ascending })),
    limit,
  });
  return rows.map(entryOf);
}

export function conditionsOf(filter: AuditFilter): Condition[] {
  const { schema, table } = splitTable(filter.table);
  const equal = {
    table_schema: schema,
    table_name: table,
    user_id: filter.user,
    task: filter.task,
    run_id: filter.run,
    initiator: filter.initiator,
    operation: filter.operation,
    is_unexplained: filter.unexplained,
  };
  const conditions: Condition[] = Object.entries(equal).flatMap(([column, value]) =>
    value === undefined ? [] : [{ column, is: "=", value }],
  );
  if (filter.since !== undefined)
    conditions.push({ column: "at", is: ">=", value: moment("since", filter.since) });
  if (filter.until !== undefined)
    conditions.push({ column: "at", is: "<", value: moment("until", filter.until) });
  return conditions;
}

function splitTable(name: string | undefined): { schema?: string; table?: string } {
  if (name === undefined) return {};
  const dot = name.indexOf(".");
  return dot < 0
    ? { schema: "public", table: name }
    : { schema: name.slice(0, dot), table: name.slice(dot + 1) };
}

function moment(name: string, value: Date | string): string {
  const date = new Date(value);
  if (Number.isNaN(date.getTime())) throw new TypeError(`${name} is no date: "${value}".`);
  return date.toISOString();
}

interface Row {
  statement_id: number | string;
  at: Date | string;
  transaction_id: number | string;
  table_schema: string;
  table_name: string;
  operation: AuditOperation;
  key: AuditEntry["key"];
  old_values: AuditEntry["before"];
  new_values: AuditEntry["after"];
  role: string;
  user_id: string | null;
  task: string | null;
  run_id: string | null;
  attempt: number | null;
  initiator: string | null;
  reason: string | null;
  is_unexplained: boolean;
}

export function entryOf(value: unknown): AuditEntry {
  const row = value as Row;
  return {
    statement: Number(row.statement_id),
    at: new Date(row.at),
    transaction: String(row.transaction_id),
    schema: row.table_schema,
    table: row.table_name,
    operation: row.operation,
    key: row.key,
    before: row.old_values,
    after: row.new_values,
    role: row.role,
    user: row.user_id,
    task: row.task,
    run: row.run_id,
    attempt: row.attempt,
    initiator: row.initiator,
    reason: row.reason,
    unexplained: row.is_unexplained,
  };
}
