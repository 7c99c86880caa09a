// What the page and its server say to each other, as JSON. Dates are ISO 8601 texts; durations are milliseconds. Nothing here holds a key or a token.

/** Whose rights a run used, as its own requests to Supabase showed. */
export type ConsoleIdentity =
  | {
      kind: "user";
      /** `auth.users.id` */
      userId: string;
      email: string | null;
      /** The database role of the token. */
      role: string;
      /** Who asked, where it isn't the user. */
      initiator: string | null;
    }
  | { kind: "service"; reason: string | null };

export interface ConsoleRun {
  id: string;
  task: string;
  status: string;
  attempts: number;
  tags: string[];
  createdAt: string;
  startedAt: string | null;
  finishedAt: string | null;
  durationMs: number;
  isTest: boolean;
  /** Empty while the run has asked Supabase for nothing. */
  ranAs: ConsoleIdentity[];
}

/** GET /api/runs?status=FAILED,CRASHED&task=…&tag=…&after=run_…&size=50 : newest first. */
export interface ConsoleRuns {
  runs: ConsoleRun[];
  /** `after` of the next, older page. */
  next: string | null;
}

export interface ConsoleError {
  name: string | null;
  message: string;
  stack: string | null;
  /** The project's line that threw, where the stack names one. */
  source: {
    file: string;
    line: number;
    column: number | null;
    /** Lines of the file around it. */
    lines: { number: number; text: string }[];
  } | null;
}

/** An entry of a run's timeline, by time. */
export type ConsoleEvent = { id: string; at: string } & (
  | { kind: "log"; level: string; message: string; properties: unknown }
  | { kind: "waiting"; message: string }
  | { kind: "retrying"; message: string; delayMs: number }
  | {
      kind: "span";
      name: string;
      spanId: string;
      parentSpanId: string | null;
      durationMs: number;
      attributes: Record<string, unknown>;
      error: string | null;
    }
  | {
      kind: "request";
      /** `rest`, `storage`, `auth` or `functions`. */
      part: string;
      method: string;
      /** Without its query, which may hold what rows hold. */
      path: string;
      /** Table or function of `rest`; bucket of `storage`; function of `functions`. */
      target: string | null;
      /** select, insert, upsert, update, delete, call; else the HTTP method in lower case. */
      verb: string;
      status: number;
      /** What came back or was changed, where PostgREST says so. */
      rows: number | null;
      durationMs: number;
      ranAs: ConsoleIdentity;
    }
);

export interface ConsoleAuditEntry {
  id: string;
  at: string;
  table: string;
  operation: string;
  role: string;
  userId: string | null;
  reason: string | null;
  key: unknown;
  old: unknown;
  new: unknown;
}

/** GET /api/runs/:run */
export interface ConsoleRunPage {
  run: ConsoleRun;
  /** Parsed. Undefined where there is none; larger than 256 KB: `null`, and `payloadTooLarge`. */
  payload: unknown;
  output: unknown;
  payloadTooLarge: boolean;
  outputTooLarge: boolean;
  metadata: Record<string, unknown>;
  error: ConsoleError | null;
  parent: ConsoleRun | null;
  children: ConsoleRun[];
  /** Oldest first, at most 2,000. */
  events: ConsoleEvent[];
  /** Null where the project's database keeps no audit trail. */
  audit: ConsoleAuditEntry[] | null;
  can: { cancel: boolean; replay: boolean; retry: boolean };
}

/** GET /api/tasks */
export interface ConsoleTasks {
  tasks: {
    id: string;
    file: string;
    queue: string;
    description: string | null;
    schedule: { cron: string; timezone: string } | null;
    /** JSON Schema of the payload, where the task was made with one. */
    payloadSchema: unknown;
    /** The last payload it was run with, to begin the form with. */
    lastPayload: unknown;
    /** What the grant of that payload was narrowed to. */
    lastScope: string | null;
  }[];
  problems: { file: string; line: number | null; message: string }[];
  /** Tables that refuse a task whose grant has no scope. */
  strictTables: string[];
}

/** POST /api/tasks/:task/run; answers `{ id }`. With `as`, a grant of that user is sealed for this payload, as an app would; `scope` narrows it. */
export interface ConsoleRunRequest {
  payload: unknown;
  as?: string | undefined;
  scope?: string | undefined;
}

/** GET /api/schedules */
export interface ConsoleSchedules {
  schedules: {
    id: string;
    task: string;
    type: "DECLARATIVE" | "IMPERATIVE";
    cron: string;
    timezone: string;
    active: boolean;
    nextRun: string | null;
    externalId: string | null;
  }[];
}

/** GET /api/queues; POST /api/queues/:name/pause and /resume, with the name percent-encoded. */
export interface ConsoleQueues {
  queues: {
    /** What the two POSTs take. */
    id: string;
    name: string;
    type: "task" | "custom";
    running: number;
    queued: number;
    paused: boolean;
    concurrencyLimit: number | null;
  }[];
}

/** GET /api/users?search=… : at most 100, by email. */
export interface ConsoleUsers {
  users: {
    id: string;
    email: string | null;
    isAnonymous: boolean;
    /** Null for users whom plain SQL made. */
    createdAt: string | null;
    lastSignInAt: string | null;
  }[];
  /** Whether there are more that match. */
  more: boolean;
}

/** GET /api/project */
export interface ConsoleProject {
  name: string;
  supabaseUrl: string;
  triggerApiUrl: string;
}

// POST /api/runs/:run/cancel answers `{ id }`; /replay and /retry answer `{ id }` of the run that goes on.
// Retry: a run that waits for its next attempt has it now; a failed one runs again.
// Every refusal is `{ error: { code, message } }`, and a message a person can act on.

/** GET /api/events, server-sent: `event: changed` with this as data; what a page shows it then asks for again. `event: ping` keeps it open. */
export interface ConsoleChange {
  /** Runs that changed. */
  runs: string[];
  /** Task files were loaded anew. */
  tasks: boolean;
}
