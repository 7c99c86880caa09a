import type pg from "pg";
import type { Changes } from "../dispatch/changes.js";
import type { RunService } from "../runs/service.js";
import type { TaskManifest } from "../worker/messages.js";

/** What the API's areas need of the runtime. */
export interface ApiContext {
  pool: pg.Pool;
  /** The key that opens everything and signs public tokens. */
  secretKey: string;
  /** Where this API answers, without a slash at the end. Known once it listens. */
  url(): string;
  /** Where requests from outside reach it, or a server that outlives this one. */
  publicUrl(): string;
  /** Milliseconds since the epoch; schedules go by it. */
  now(): number;
  /** The tasks that are loaded. */
  tasks(): ReadonlyMap<string, TaskManifest>;
  runs: RunService;
  changes: Changes;
}

/** Who calls: the holder of the secret key, or of a public token. */
export type Access =
  | { kind: "secret" }
  | { kind: "public"; scopes: string[]; claims: Record<string, unknown> };

/** Hono's types of this API. */
export interface ApiEnv {
  Variables: { access: Access };
}
