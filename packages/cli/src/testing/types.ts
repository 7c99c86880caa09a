import type { AnyTask, TaskOutput, TaskPayload } from "@trigger.dev/sdk";
import type { Behalf, BehalfClient, ServiceOptions, TokenOptions } from "behalf";
import type { StackKeys } from "../stack/index.js";

/** Options of {@link startBehalf}. */
export interface StartBehalfOptions {
  /** The project's folder: `supabase/`, `trigger.config.ts`, or both. Default: the working directory. */
  dir?: string;
  /** Variables that tasks find beside the project's own `.env`. */
  environment?: Record<string, string>;
}

/** How a run ended, its output typed after the task. */
export type EndedRun<Output> = { id: string; attempts: number } & (
  | { ok: true; output: Output }
  | { ok: false; status: string; error: { name?: string; message: string } }
);

/** A project's stack and tasks, for one test file. */
export interface BehalfSuite<Database> {
  /** What `createClient` takes, with {@link keys}. */
  supabaseUrl: string;
  keys: StackKeys;
  /** Connection string of role `postgres`. */
  databaseUrl: string;
  /** What `configure({ baseURL, accessToken })` of `@trigger.dev/sdk` takes, once the tasks are loaded. */
  trigger(): Promise<{ apiUrl: string; secretKey: string }>;
  /** `createBehalf` for this stack. */
  behalf: Behalf<Database>;
  /** A client that acts as a user of the database. */
  asUser(userId: string, options?: TokenOptions): Promise<BehalfClient<Database>>;
  /** A client that sees everything. */
  asService(options?: ServiceOptions): BehalfClient<Database>;
  /**
   * Runs a task as an app would have it run, and waits for its end. With `as`, a grant of that user is sealed for this task and payload
   * and put into `payload.grant`; with `scope`, the grant is narrowed to these words (`public.notes:select public.notes:insert`).
   *
   * @example
   * ```ts
   * const run = await suite.runTask<typeof addNewUser>("add-new-user", { userId });
   * ```
   */
  runTask<Task extends AnyTask>(
    task: Task["id"],
    payload: TaskPayload<Task>,
    options?: { as?: string; scope?: string },
  ): Promise<EndedRun<TaskOutput<Task>>>;
  /**
   * Asserts what a table holds for somebody: a user's id, or nobody for the service role. Rows are compared by the columns that `expected` names,
   * in any order.
   *
   * @throws {Error} with both sets of rows when they differ
   */
  expectRows(table: string, expected: Record<string, unknown>[], options?: { as?: string }): Promise<void>;
  /** Ends everything and removes its data. */
  stop(): Promise<void>;
}
