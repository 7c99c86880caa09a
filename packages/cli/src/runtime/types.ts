import type { RunRequest } from "../stack/index.js";

/** What {@link startRuntime} takes. */
export interface RuntimeOptions {
  /** Folder that holds `trigger.config.ts` and the task files. */
  project: string;
  /** Where the runtime keeps its secret key, for example `<project>/.behalf`. Created when absent. */
  directory: string;
  /** Superuser connection string of the cluster; runs are kept in its database `behalf_runtime`, created when absent. */
  adminDatabaseUrl: string;
  /** The variables that task code sees. Nothing else of this process's environment reaches it but PATH, HOME and the like. */
  environment: Record<string, string>;
  /** Port of the API on 127.0.0.1; 0 (the default) takes a free one. */
  port?: number;
  /** Where requests from outside reach a server of this queue for longer than this one may live: begins the callback URLs of wait tokens (default: this server's own URL). */
  publicUrl?: string;
  /** Key that the SDK authenticates with, `tr_dev_…`. Left out: one is made and kept in `directory`. */
  secretKey?: string;
  /** Most runs executing at the same time on this server (default 1,000). */
  concurrency?: number;
  /** Ended runs that are kept; older ones are deleted (default 10,000). */
  keepRuns?: number;
  /** Milliseconds that code which ignores its cancelled signal may go on before its process is killed (default 2,000). */
  killAfter?: number;
  /** Milliseconds since the epoch; schedules fire by it (default `Date.now`). */
  now?: () => number;
  onEvent?: (event: RuntimeEvent) => void;
}

/** A task that was found, and where. */
export interface TaskInfo {
  id: string;
  /** Path relative to the project. */
  file: string;
  queue: string;
  description?: string;
  /** What a declarative `schedules.task` says. */
  schedule?: { cron: string; timezone: string };
  maxDuration?: number;
  payloadSchema?: unknown;
}

/** Why a task file, or a part of it, wasn't taken. */
export interface FileProblem {
  /** Path relative to the project. */
  file: string;
  line?: number;
  message: string;
}

export type RunStatus =
  | "PENDING_VERSION"
  | "DELAYED"
  | "QUEUED"
  | "EXECUTING"
  | "WAITING"
  | "COMPLETED"
  | "FAILED"
  | "CANCELED"
  | "CRASHED"
  | "SYSTEM_FAILURE"
  | "EXPIRED"
  | "TIMED_OUT";

/** How a failed run ended: the shape the SDK reads. */
export interface RunError {
  name?: string;
  message: string;
  stackTrace?: string;
}

/** A run as the runtime knows it. Payload and output are parsed values. */
export interface RunRecord {
  id: string;
  task: string;
  status: RunStatus;
  /** Attempts started so far. */
  attempts: number;
  payload: unknown;
  output: unknown;
  error: RunError | undefined;
  tags: string[];
  metadata: Record<string, unknown>;
  createdAt: Date;
  startedAt: Date | undefined;
  finishedAt: Date | undefined;
}

interface RunEventFields {
  id: string;
  task: string;
  status: RunStatus;
  attempt: number;
}

/** A span of a run that ended: of `logger.trace`, of the SDK's own, or of anything else that uses OpenTelemetry. */
export interface RunSpan {
  name: string;
  spanId: string;
  parentSpanId: string | null;
  startedAt: Date;
  durationMs: number;
  /** Flat: names with dots, plain values or lists of them. What may hold a secret is left out. */
  attributes: Record<string, unknown>;
  error: string | null;
}

/** Something that happened in the runtime, in the order it happened. */
export type RuntimeEvent =
  | ({ type: "run-queued" } & RunEventFields)
  | ({ type: "run-started" } & RunEventFields)
  | ({ type: "run-waiting" } & RunEventFields)
  | ({ type: "run-retrying"; delayMs: number; error: RunError } & RunEventFields)
  | ({ type: "run-finished"; durationMs: number; error?: RunError } & RunEventFields)
  | { type: "log"; level: LogLevel; message: string; run?: string; task?: string; properties?: unknown }
  | { type: "request"; request: RunRequest }
  | ({ type: "span"; run: string; task: string } & RunSpan)
  | { type: "file-problem"; problem: FileProblem }
  | { type: "reloaded"; tasks: TaskInfo[]; problems: FileProblem[]; durationMs: number }
  | { type: "worker-lost"; reason: string; requeued: number };

export type LogLevel = "debug" | "log" | "info" | "warn" | "error";

/** A running local Trigger.dev. */
export interface Runtime {
  /** What `TRIGGER_API_URL` and the SDK's `baseURL` take. */
  apiUrl: string;
  /** What `TRIGGER_SECRET_KEY` and the SDK's `accessToken` take. */
  secretKey: string;
  tasks(): TaskInfo[];
  problems(): FileProblem[];
  /** Builds and loads the task files anew; runs in flight end on the code they began with. */
  reload(): Promise<void>;
  /** Accepts a run. Once this resolves the run is kept: no crash loses it. */
  trigger(task: string, payload: unknown, options?: TriggerOptions): Promise<{ id: string }>;
  /** Resolves when the run has ended, in whatever way. */
  waitForRun(id: string): Promise<RunRecord>;
  /** Keeps a request to Supabase with the run that made it. */
  recordRequest(request: RunRequest): void;
  /** Calls `listener` for whatever happens from now on; the returned function ends that. */
  subscribe(listener: (event: RuntimeEvent) => void): () => void;
  /** Stops taking runs, gives those in flight back to the queue, ends every process. Safe to call twice. */
  stop(): Promise<void>;
}

/** The part of the SDK's trigger options that make sense from outside. */
export interface TriggerOptions {
  tags?: string[];
  metadata?: Record<string, unknown>;
  idempotencyKey?: string;
  maxAttempts?: number;
  concurrencyKey?: string;
  delay?: string;
}
