import type { TaskWait } from "@trigger.dev/core/v3";
import type { LogLevel } from "../types.js";
import type { Core } from "./core.js";
import { currentScope, forwardToScope, type Scope } from "./scope.js";
import { installSpans } from "./spans.js";
import { noWaits } from "./waits.js";

/** Where `logger.*` and `console.*` of task code go. */
export type LogSink = (level: LogLevel, message: string, properties?: unknown) => void;

/** What attempts share: things without a run's data in them. */
export interface Machinery {
  catalog: InstanceType<Core["workers"]["StandardResourceCatalog"]>;
  tracer: InstanceType<Core["tracer"]["TriggerTracer"]>;
  consoleInterceptor: InstanceType<Core["workers"]["ConsoleInterceptor"]>;
}

/**
 * Installs the managers the SDK looks up, each forwarding to the current attempt's own. Must come before anything imports
 * `@trigger.dev/sdk`: the SDK's stock managers are one per process, and two overlapping runs would share them.
 */
export function installManagers(core: Core, log: LogSink): Machinery {
  const { v3, workers } = core;
  v3.localsAPI.setGlobalLocalsManager(forwardToScope((s) => s.locals, new workers.StandardLocalsManager()));
  v3.waitUntil.setGlobalManager(forwardToScope((s) => s.waitUntil, new workers.StandardWaitUntilManager()));
  v3.usage.setGlobalUsageManager(forwardToScope((s) => s.usage, new workers.DevUsageManager()));
  v3.runtime.setGlobalRuntimeManager(forwardToScope((s) => s.runtime, noWaits));
  v3.clock.setGlobalClock(new workers.DurableClock());
  v3.timeout.setGlobalManager(
    forwardToScope((s) => s.timeout, {
      signal: new AbortController().signal,
      abortAfterTimeout: () => new AbortController(),
      reset() {},
    }),
  );
  v3.lifecycleHooks.setGlobalLifecycleHooksManager(createHooks(core));
  installStreams(core);
  installMetadata(core);
  installContext(core);
  const catalog = new workers.StandardResourceCatalog();
  v3.resourceCatalog.setGlobalResourceCatalog(catalog);
  installSpans(core);
  const tracer = new core.tracer.TriggerTracer({ name: "behalf", version: "0" });
  installLogger(core, tracer, log);
  // Switched off: it would patch the global console once a run.
  const consoleInterceptor = new workers.ConsoleInterceptor({ emit() {} } as never, true, true);
  return { catalog, tracer, consoleInterceptor };
}

function createHooks({ workers }: Core) {
  type Listener = (wait: TaskWait) => Promise<void>;
  const callAll = async (listeners: ((wait: TaskWait) => Promise<void>)[] | undefined, wait: TaskWait) => {
    await Promise.allSettled((listeners ?? []).map((listener) => listener(wait)));
  };
  return new (class extends workers.StandardLifecycleHooksManager {
    override registerOnWaitHookListener(listener: Listener) {
      currentScope()?.listeners.wait.push(listener);
    }
    override registerOnResumeHookListener(listener: Listener) {
      currentScope()?.listeners.resume.push(listener);
    }
    override registerOnCancelHookListener(listener: () => Promise<void>) {
      currentScope()?.listeners.cancel.push(listener);
    }
    override callOnWaitHookListeners(wait: TaskWait) {
      return callAll(currentScope()?.listeners.wait, wait);
    }
    override callOnResumeHookListeners(wait: TaskWait) {
      return callAll(currentScope()?.listeners.resume, wait);
    }
    override async callOnCancelHookListeners() {
      await Promise.allSettled((currentScope()?.listeners.cancel ?? []).map((listener) => listener()));
    }
  })();
}

/** Streams a run writes and reads. */
function installStreams(core: Core): void {
  const { v3, workers } = core;
  const client = v3.apiClientManager.clientOrThrow();
  const written = new workers.StandardRealtimeStreamsManager(client, client.baseUrl);
  v3.realtimeStreams.setGlobalManager(forwardToScope((s) => s.realtimeStreams, written));
  const read = createInputStreams(core);
  if (read) v3.inputStreams.setGlobalManager(forwardToScope((s) => s.inputStreams ?? read, read));
}

/** What receives the data sent to a run; core has it since 4.5. */
export function createInputStreams({ v3, workers }: Core): Scope["inputStreams"] {
  if (!("StandardInputStreamManager" in workers)) return undefined;
  const client = v3.apiClientManager.clientOrThrow();
  return new workers.StandardInputStreamManager(client, client.baseUrl);
}

/** The SDK keeps `metadata.parent` and `.root` from the time it is imported, so these have to forward as well. */
function installMetadata({ v3, workers }: Core): void {
  type Manager = InstanceType<Core["workers"]["StandardMetadataManager"]>;
  const outside: Manager = new workers.StandardMetadataManager(undefined as never);
  const forward = (side: "parent" | "root") =>
    new Proxy({} as Manager["parent"], {
      get: (_, property) => {
        return (...args: unknown[]) => {
          const updater = (currentScope()?.metadata ?? outside)[side];
          const method = Reflect.get(updater, property) as (...args: unknown[]) => unknown;
          return method.apply(updater, args);
        };
      },
    });
  const sides = { parent: forward("parent"), root: forward("root") };
  const current = forwardToScope((s) => s.metadata, outside);
  v3.runMetadata.setGlobalManager(
    new Proxy(current, {
      get: (target, property) =>
        property === "parent" || property === "root" ? sides[property] : Reflect.get(target, property),
    }),
  );
}

const registry = Symbol.for("dev.trigger.ts.api");

/** An accessor instead of one value for the process: `taskContext.ctx` is the current run's, and undefined outside of runs. */
function installContext({ v3 }: Core): void {
  // Creates the registry if nothing has yet.
  v3.taskContext.setGlobalTaskContext(undefined as never);
  const apis = (globalThis as unknown as Record<symbol, object>)[registry];
  if (!apis)
    throw new Error("@trigger.dev/core keeps its context elsewhere in this version; use 4.4 to 4.8.");
  Object.defineProperty(apis, "task-context", {
    configurable: true,
    enumerable: true,
    set() {},
    get() {
      const scope = currentScope();
      return scope && { ctx: scope.ctx, worker: scope.worker, isWarmStart: true };
    },
  });
}

function installLogger({ v3 }: Core, tracer: Machinery["tracer"], log: LogSink): void {
  const at = (level: LogLevel) => (message: string, properties?: unknown) => log(level, message, properties);
  v3.logger.setGlobalTaskLogger({
    debug: at("debug"),
    log: at("log"),
    info: at("info"),
    warn: at("warn"),
    error: at("error"),
    trace: (name, work, options) => tracer.startActiveSpan(name, work, options),
    startSpan: (name, options) => tracer.startSpan(name, options),
  });
}
