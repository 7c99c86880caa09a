import type { JWK } from "jose";

export interface StackOptions {
  /** Where the stack keeps its data and keys, for example `<project>/.behalf`. Created when absent. */
  directory: string;
  /** Folder that holds `supabase/` (migrations, seed, config.toml). Left out: an empty database. */
  project?: string;
  /** Port of the gateway on 127.0.0.1; 0 takes a free one. Default: `[api] port` of supabase/config.toml, else a free one. */
  port?: number;
  /** Variables that Edge Functions find beside Supabase's own, asked for whenever one starts. */
  functionEnvironment?: () => Promise<Record<string, string>>;
  /** Called for each answered request that says which run of a task made it. */
  onRunRequest?: (request: RunRequest) => void;
  /** Called for each thing done, and for each warning, in the order they happen. */
  onProgress?: (step: StackStep) => void;
}

/** Whose rights a request used. */
export type RequestIdentity =
  | { kind: "user"; userId: string; role: string; initiator: string | null }
  | { kind: "service"; reason: string | null };

/** A request that a run of a task made, and how it was answered. */
export interface RunRequest {
  /** `run_…` of Trigger.dev. */
  run: string;
  identity: RequestIdentity;
  at: Date;
  /** `rest`, `storage`, `auth` or `functions`. */
  part: string;
  method: string;
  /** Without its query, which may hold what rows hold. */
  path: string;
  /** Table or function of `rest`, bucket of `storage`, function of `functions`. */
  target: string | null;
  /** select, insert, upsert, update, delete or call; outside `rest` the method in lower case. */
  verb: string;
  status: number;
  /** Rows that were read or updated, where PostgREST says so. */
  rows: number | null;
  durationMs: number;
}

/** One thing that was done while starting. */
export interface StackStep {
  name: "postgres" | "postgrest" | "gateway" | "function" | "migrations" | "seed" | "warning";
  /** One readable line, without secrets. */
  message: string;
}

/** A running embedded Supabase. */
export interface Stack {
  /** What `createClient` takes: `http://127.0.0.1:<port>`. */
  url: string;
  /** PostgREST itself, without the gateway's check of API keys. */
  restUrl: string;
  /** Connection string of role `postgres`, which is not a superuser, as on the hosted service. */
  databaseUrl: string;
  /** Connection string of the superuser `supabase_admin`. Never hand it to task code. */
  adminDatabaseUrl: string;
  keys: StackKeys;
  /** What an S3 client of `/storage/v1/s3` is given. */
  s3: S3Access;
  /** Applies what is new in `supabase/migrations` and the seed if it hasn't run. */
  applyMigrations(): Promise<MigrationReport>;
  /** Stops everything; safe to call twice. Data stays. */
  stop(): Promise<void>;
}

/** For an S3 client, with `forcePathStyle`. The keys pass over the policies, as a project's S3 access keys do. */
export interface S3Access {
  endpoint: string;
  region: string;
  accessKeyId: string;
  secretAccessKey: string;
}

/** A project's keys, made once and kept in its directory. */
export interface StackKeys {
  /** `sb_publishable_…` */
  publishableKey: string;
  /** `sb_secret_…` */
  secretKey: string;
  /** Legacy JWT of role anon. */
  anonKey: string;
  /** Legacy JWT of role service_role. */
  serviceRoleKey: string;
  /** Legacy HS256 secret. */
  jwtSecret: string;
  /** Private JWKs, newest first; the first signs the tokens that `/auth/v1` issues. */
  signingKeys: JWK[];
}

/** What {@link Stack.applyMigrations} did this time. */
export interface MigrationReport {
  /** File names of the migrations applied now, in order. */
  applied: string[];
  /** Paths of the seed files run now, relative to `supabase/`. */
  seeded: string[];
}
