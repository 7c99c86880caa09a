import type { AuditEntry } from "behalf/audit";
import { readSource } from "../source/code-frame.js";
import type { RequestIdentity } from "../stack/index.js";
import type {
  ConsoleAuditEntry,
  ConsoleError,
  ConsoleEvent,
  ConsoleIdentity,
  ConsoleRun,
} from "./contract.js";
import type { ApiRun, ApiRunPage } from "./trigger-api.js";

/** An event as the runtime's API gives it. */
export interface ApiEvent {
  id: string;
  at: string;
  kind: ConsoleEvent["kind"];
  level: string | null;
  message: string;
  properties: unknown;
}

const largestValue = 256 * 1024;

export function viewRun(run: ApiRun, ranAs: ConsoleIdentity[] = []): ConsoleRun {
  return {
    id: run.id,
    task: run.taskIdentifier,
    status: run.status,
    attempts: run.attemptCount,
    tags: run.tags,
    createdAt: run.createdAt,
    startedAt: run.startedAt ?? null,
    finishedAt: run.finishedAt ?? null,
    durationMs: run.durationMs,
    isTest: run.isTest,
    ranAs,
  };
}

/** A payload or output, unless it is too large to be looked at. */
export function viewValue(
  value: unknown,
  storedElsewhere: string | undefined,
): { value: unknown; tooLarge: boolean } {
  const size = value === undefined ? 0 : (JSON.stringify(value)?.length ?? 0);
  const tooLarge = storedElsewhere !== undefined || size > largestValue;
  return { value: tooLarge ? null : value, tooLarge };
}

export function viewError(error: ApiRunPage["error"], projectFolder: string): ConsoleError | null {
  if (!error) return null;
  const stack = error.stackTrace ?? null;
  return {
    name: error.name ?? null,
    message: error.message,
    stack,
    source: (stack && readSource(stack, projectFolder)) || null,
  };
}

export function viewEvent(
  { id, at, kind, level, message, properties }: ApiEvent,
  nameIdentity: (identity: RequestIdentity) => ConsoleIdentity,
): ConsoleEvent {
  const more = (properties ?? {}) as Record<string, unknown>;
  switch (kind) {
    case "log":
      return { id, at, kind, level: level ?? "info", message, properties };
    case "waiting":
      return { id, at, kind, message };
    case "request": {
      const { identity, ...request } = more as { identity: RequestIdentity };
      return { id, at, kind, ...request, ranAs: nameIdentity(identity) } as ConsoleEvent;
    }
    case "span":
      return { id, at, kind, name: message, ...more } as ConsoleEvent;
    case "retrying":
      return { id, at, kind, message, delayMs: Number(more.delayMs) };
  }
}

export function viewAuditEntry(entry: AuditEntry, index: number): ConsoleAuditEntry {
  return {
    id: `${entry.statement}-${index}`,
    at: entry.at.toISOString(),
    table: entry.schema === "public" ? entry.table : `${entry.schema}.${entry.table}`,
    operation: entry.operation,
    role: entry.role,
    userId: entry.user,
    reason: entry.reason,
    key: entry.key,
    old: entry.before,
    new: entry.after,
  };
}
