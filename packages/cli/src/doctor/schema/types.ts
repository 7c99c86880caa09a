/** A table, partitioned table, view, materialized view or foreign table in an exposed schema. */
export interface SchemaTable {
  schema: string;
  name: string;
  /** `pg_class.relkind`. */
  kind: "r" | "p" | "v" | "m" | "f";
  rls: boolean;
  owner: string;
  /** Names of its policies. */
  policies: string[];
  /** Of a view: whether it reads with the rights of whoever asks. */
  invoker: boolean;
  /** Role → the verbs it may use, on the table or on some of its columns. */
  privileges: Record<string, Verb[]>;
  /** The roles that may use the schema. */
  schemaUsers: string[];
  /** The sequences that defaults of its columns draw from, and who may. */
  sequences: { name: string; users: string[] }[];
  /** Of a view: the tables with Row Level Security that it reads, through whatever other views. */
  protectedBelow: string[];
}

export type Verb = "select" | "insert" | "update" | "delete";

export interface SchemaPolicy {
  schema: string;
  table: string;
  rls: boolean;
  name: string;
  permissive: boolean;
  verb: Verb | "all";
  /** `public` stands for every role. */
  roles: string[];
  using: string | null;
  check: string | null;
  /** Functions of the project that its expressions call. */
  functions: { name: string; source: string }[];
}

export interface SchemaFunction {
  schema: string;
  /** With its arguments' types. */
  name: string;
  owner: string;
  callers: string[];
}

export interface SchemaRole {
  name: string;
  bypasses: boolean;
  /** Roles that pass over Row Level Security and that it may become. */
  through: string[];
}

/** What the doctor and the explainer know of a database. Never a row of a user's table. */
export interface Schema {
  /** Those that the API serves. */
  exposed: string[];
  roles: SchemaRole[];
  tables: SchemaTable[];
  policies: SchemaPolicy[];
  functions: SchemaFunction[];
}
