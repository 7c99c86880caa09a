import { AsyncLocalStorage } from "node:async_hooks";
import type { TaskRunContext, TaskRunExecution, TaskWait } from "@trigger.dev/core/v3";
import type { RuntimeManager } from "@trigger.dev/core/v3/workers";
import type { Core } from "./core.js";
import type { EndedSpan } from "./messages.js";

type Workers = Core["workers"];

/** Everything that belongs to one attempt of one run, and to no other. */
export interface Scope {
  execution: TaskRunExecution;
  ctx: TaskRunContext;
  worker: { id: string; contentHash: string; version: string; engine: "V2" };
  locals: InstanceType<Workers["StandardLocalsManager"]>;
  metadata: InstanceType<Workers["StandardMetadataManager"]>;
  waitUntil: InstanceType<Workers["StandardWaitUntilManager"]>;
  usage: InstanceType<Workers["DevUsageManager"]>;
  runtime: RuntimeManager;
  realtimeStreams: InstanceType<Workers["StandardRealtimeStreamsManager"]>;
  /** Undefined where the project's core has none yet. */
  inputStreams: InstanceType<Workers["StandardInputStreamManager"]> | undefined;
  timeout: { signal: AbortSignal; abortAfterTimeout(): AbortController; reset(): void };
  listeners: Record<"wait" | "resume", ((wait: TaskWait) => Promise<void>)[]> & {
    cancel: (() => Promise<void>)[];
  };
  abort: AbortController;
  /** Spans that ended and weren't sent yet. */
  spans: EndedSpan[];
  spanCount: number;
  /** Its result is decided; what its code still does must not matter. */
  abandoned: boolean;
  /** Wait requests sent and not yet answered by a resume: more than one means parallel waits. */
  pendingWaits: number;
  parallelWaits: boolean;
  /** Suspended in a wait: nothing of its code runs. */
  waiting: boolean;
  /** Ends the attempt with this error, whatever its code does. */
  fail(code: string, message: string, stackTrace?: string): void;
}

const storage = new AsyncLocalStorage<Scope>();

/** The attempt whose code is running now, if any. */
export function currentScope(): Scope | undefined {
  return storage.getStore();
}

export function runInScope<T>(scope: Scope, work: () => T): T {
  return storage.run(scope, work);
}

/** One manager for the whole process that forwards to the current attempt's own. */
export function forwardToScope<T extends object>(pick: (scope: Scope) => T, outside: T): T {
  return new Proxy(outside, {
    get(_, property) {
      const scope = currentScope();
      const manager = scope ? pick(scope) : outside;
      const value: unknown = Reflect.get(manager, property, manager);
      return typeof value === "function" ? value.bind(manager) : value;
    },
    set(_, property, value) {
      const scope = currentScope();
      return Reflect.set(scope ? pick(scope) : outside, property, value);
    },
  });
}
