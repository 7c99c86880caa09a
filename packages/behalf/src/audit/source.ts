import type { SupabaseClient } from "@supabase/supabase-js";
import { AuditError } from "../errors.js";
import type { AuditClient, QueryableLike } from "./types.js";

/** A column's comparison with a value. */
export interface Condition {
  column: string;
  is: "=" | ">=" | "<";
  value: unknown;
}

interface Selection {
  conditions: Condition[];
  order: { column: string; ascending: boolean }[];
  limit: number;
  offset?: number;
}

/** The two ways to schema `behalf`: a connection to the database, or the project's API. */
export interface AuditSource {
  select(relation: string, selection: Selection): Promise<unknown[]>;
  /** The rows that a function returns. Arguments by name. */
  call(name: string, args?: Record<string, unknown>): Promise<unknown[]>;
}

export function openSource(client: AuditClient): AuditSource {
  if ("query" in client && typeof client.query === "function") return databaseSource(client);
  if ("schema" in client && typeof client.schema === "function")
    return apiSource(client as unknown as SupabaseClient);
  throw new TypeError("The client has to be a supabase-js client or have query(text, values), as pg's has.");
}

function databaseSource(client: QueryableLike): AuditSource {
  const run = async (text: string, values: unknown[]) => {
    try {
      return (await client.query(text, values)).rows;
    } catch (error) {
      throw describe(error);
    }
  };
  return {
    select(relation, { conditions, order, limit, offset = 0 }) {
      const where = conditions.map(({ column, is }, at) => `${column} ${is} $${at + 1}`).join(" and ");
      const by = order.map(({ column, ascending }) => `${column} ${ascending ? "asc" : "desc"}`).join(", ");
      return run(
        `select * from behalf.${relation} ${where && `where ${where}`} order by ${by} limit ${limit} offset ${offset}`,
        conditions.map(({ value }) => value),
      );
    },
    call(name, args = {}) {
      const names = Object.keys(args).map((arg, at) => `${arg} => $${at + 1}`);
      return run(`select * from behalf.${name}(${names.join(", ")})`, Object.values(args).map(asParameter));
    },
  };
}

/** Drivers write arrays as Postgres arrays; the functions take JSON. */
const asParameter = (value: unknown) => (typeof value === "object" ? JSON.stringify(value) : value);

function apiSource(client: SupabaseClient): AuditSource {
  const behalf = client.schema("behalf");
  const operators = { "=": "eq", ">=": "gte", "<": "lt" } as const;
  return {
    async select(relation, { conditions, order, limit, offset = 0 }) {
      let query = behalf.from(relation).select();
      for (const { column, is, value } of conditions) query = query.filter(column, operators[is], value);
      for (const { column, ascending } of order) query = query.order(column, { ascending });
      const { data, error } = await query.range(offset, offset + limit - 1);
      if (error) throw describe(error);
      return data;
    },
    async call(name, args) {
      const { data, error } = await behalf.rpc(name, args);
      if (error) throw describe(error);
      return data;
    },
  };
}

// Undefined function, invalid schema, undefined table; PostgREST: schema not exposed, function or table not in its cache.
const missing = new Set(["42883", "3F000", "42P01", "PGRST106", "PGRST202", "PGRST205"]);

function describe(error: unknown): AuditError {
  const { code, message } = error as { code?: unknown; message?: unknown };
  if (typeof code === "string" && missing.has(code))
    return new AuditError(
      "ERR_AUDIT_MISSING",
      "Schema behalf isn't there, is older than this version, or isn't exposed by the API: run the migrations of `behalf sql`, and list behalf under the API's exposed schemas.",
      { cause: error },
    );
  return new AuditError("ERR_AUDIT_READ", `The audit trail can't be read: ${String(message)}`, {
    cause: error,
  });
}
