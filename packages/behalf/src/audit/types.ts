import type { Json } from "../tokens/types.js";

/** What `pg`'s Client and Pool, and drivers like them, have. */
export interface QueryableLike {
  query(text: string, values?: unknown[]): Promise<{ rows: unknown[] }>;
}

/** What a supabase-js client has. The project's API has to expose schema `behalf`. */
export interface SupabaseLike {
  schema(name: string): unknown;
}

/** A client that reads the trail: a database connection, or a supabase-js client of a user or of the service role. */
export type AuditClient = QueryableLike | SupabaseLike;

export type AuditOperation = "INSERT" | "UPDATE" | "DELETE" | "TRUNCATE";

/** What happened to one row; for TRUNCATE, to the whole table. */
export interface AuditEntry {
  /** Rows changed by one statement share it. Ascends with the statements' starts. */
  readonly statement: number;
  /** When the statement ended. */
  readonly at: Date;
  /** Postgres's 64-bit transaction id, as decimal digits. */
  readonly transaction: string;
  readonly schema: string;
  readonly table: string;
  readonly operation: AuditOperation;
  /** The primary key's columns; null for TRUNCATE. */
  readonly key: Readonly<Record<string, Json>> | null;
  /** UPDATE: the changed columns before. DELETE: all columns. Otherwise null. Excluded columns are left out. */
  readonly before: Readonly<Record<string, Json>> | null;
  /** UPDATE: the changed columns after. INSERT: all columns. Otherwise null. Excluded columns are left out. */
  readonly after: Readonly<Record<string, Json>> | null;
  /** The database role in force. */
  readonly role: string;
  /** Whose rights were used (`sub`); null for the service role and direct connections. */
  readonly user: string | null;
  /** The task that acted; null for a person's own session. */
  readonly task: string | null;
  readonly run: string | null;
  readonly attempt: number | null;
  /** Who asked for the work. */
  readonly initiator: string | null;
  /** Why the service role was used. */
  readonly reason: string | null;
  /** Whether the service role wrote without saying why. */
  readonly unexplained: boolean;
}

/** Which entries. All that is given has to hold. */
export interface AuditFilter {
  /** `notes` (of schema public) or `billing.invoices`. */
  table?: string;
  user?: string;
  task?: string;
  run?: string;
  initiator?: string;
  operation?: AuditOperation;
  /** true: only what the service role wrote without a reason. */
  unexplained?: boolean;
  /** From this moment on: a Date, or a text that `new Date()` understands. */
  since?: Date | string;
  /** Before this moment. */
  until?: Date | string;
}

/** Which entries, how many, and in which order. */
export interface AuditQuery extends AuditFilter {
  /** At most so many entries, 1 to 1000; default 100. */
  limit?: number;
  /** Default `newest`. */
  first?: "newest" | "oldest";
}
