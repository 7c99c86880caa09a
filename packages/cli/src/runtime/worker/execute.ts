import type { TaskRunExecution, TaskRunExecutionResult } from "@trigger.dev/core/v3";
import type { Core } from "./core.js";
import { createInputStreams, type Machinery } from "./managers.js";
import type { EndedSpan, MetadataChanges, ProjectConfig, StopReason } from "./messages.js";
import { runInScope, type Scope } from "./scope.js";
import { takeLastSpans, takeSpans } from "./spans.js";
import { type AskToWait, createWaits } from "./waits.js";

/** An attempt in progress. */
export interface Attempt {
  execution: TaskRunExecution;
  /** Resolves once, with what the attempt came to; never rejects. */
  ended: Promise<{
    result: TaskRunExecutionResult;
    durationMs: number;
    metadata: MetadataChanges | undefined;
    spans: EndedSpan[];
  }>;
  /** The spans that ended since this was last asked. */
  takeSpans(): EndedSpan[];
  /** Aborts its signal and calls its onCancel hooks; what hasn't ended after `grace` ms is abandoned. */
  stop(reason: StopReason, grace: number): void;
}

interface Context {
  core: Core;
  machinery: Machinery;
  config: ProjectConfig;
  version: string;
}

/** Executes one attempt with managers of its own. */
export function startAttempt(
  { core, machinery, config, version }: Context,
  execution: TaskRunExecution,
  ask: AskToWait,
  onAbandoned: () => void,
): Attempt {
  const startedAt = performance.now();
  let decide: (result: TaskRunExecutionResult) => void = () => {};
  const decided = new Promise<TaskRunExecutionResult>((resolve) => {
    decide = resolve;
  });
  const scope = createScope(core, execution, version, ask, (code, message, stackTrace) => {
    decide(internalError(execution, code, message, stackTrace));
    abandon();
  });
  let over = false;
  let stopFlushing = async () => {};
  const abandon = () => {
    if (over || scope.abandoned) return;
    scope.abandoned = true;
    // Suspended code never goes on: it leaves nothing behind that this process should be replaced for.
    if (!scope.waiting) onAbandoned();
  };
  const ended = finish();
  // Started after the scope is complete; a task that isn't here any more is an ordinary failure.
  runInScope(scope, () => execute()).then(decide, (error: unknown) =>
    decide(
      internalError(
        execution,
        "TASK_EXECUTION_FAILED",
        error instanceof Error ? error.message : String(error),
      ),
    ),
  );

  async function execute(): Promise<TaskRunExecutionResult> {
    const task = machinery.catalog.getTask(execution.task.id);
    if (!task)
      return internalError(execution, "COULD_NOT_FIND_TASK", `There is no task ${execution.task.id}.`);
    // The executor changes `retry.maxAttempts` in place when the run has its own.
    const own = { ...task, ...(task.retry ? { retry: { ...task.retry } } : {}) };
    const executor = new core.workers.TaskExecutor(own, {
      tracer: machinery.tracer,
      // Stored and never read.
      tracingSDK: undefined as never,
      consoleInterceptor: machinery.consoleInterceptor,
      isWarmStart: true,
      ...(config.retries ? { retries: structuredClone(config.retries) as never } : {}),
    });
    stopFlushing = flushPeriodically(scope);
    const { result } = await executor.execute(execution, scope.ctx, scope.abort.signal);
    over = true;
    // A middleware that never calls next() leaves no result.
    return (
      (result as TaskRunExecutionResult | undefined) ??
      internalError(execution, "TASK_MIDDLEWARE_ERROR", "A middleware returned without calling next().")
    );
  }

  async function finish() {
    const result = await decided;
    await stopFlushing();
    scope.inputStreams?.reset();
    const metadata = await lastMetadata(core, scope);
    const durationMs = performance.now() - startedAt;
    return { result, durationMs, metadata, spans: takeLastSpans(scope, result.ok) };
  }

  return {
    execution,
    ended,
    takeSpans: () => takeSpans(scope),
    stop(reason, grace) {
      scope.abort.abort(
        reason === "cancelled"
          ? "run cancelled"
          : new Error(`The run exceeded its maxDuration of ${execution.run.maxDuration} seconds.`),
      );
      const giveUp = () => {
        decide(internalError(execution, "TASK_RUN_CANCELLED", "The run ignored its aborted signal."));
        abandon();
      };
      const hooks =
        reason === "cancelled"
          ? runInScope(scope, () => core.v3.lifecycleHooks.callOnCancelHookListeners())
          : Promise.resolve();
      // A suspended run has no code that could react, so there is nothing to give time to.
      void hooks.then(() => (scope.waiting ? giveUp() : undefined));
      setTimeout(giveUp, grace);
    },
  };
}

function createScope(
  core: Core,
  execution: TaskRunExecution,
  version: string,
  ask: AskToWait,
  fail: Scope["fail"],
): Scope {
  const { v3, workers } = core;
  const abort = new AbortController();
  const client = v3.apiClientManager.clientOrThrow();
  const metadata = new workers.StandardMetadataManager(client);
  metadata.runId = execution.run.id;
  metadata.runIdIsRoot = !execution.run.rootTaskRunId;
  const inputStreams = createInputStreams(core);
  inputStreams?.setRunId(execution.run.id, "v2");
  const realtimeStreams = new workers.StandardRealtimeStreamsManager(client, client.baseUrl);
  const waitUntil = new workers.StandardWaitUntilManager();
  // An attempt ends when what it streams has arrived.
  waitUntil.register({
    requiresResolving: () => realtimeStreams.hasActiveStreams(),
    promise: (timeout) => realtimeStreams.waitForAllStreams(timeout),
  });
  return {
    execution,
    ctx: v3.TaskRunContext.parse(execution),
    worker: { id: "worker_local", contentHash: version, version, engine: "V2" },
    locals: new workers.StandardLocalsManager(),
    metadata,
    waitUntil,
    usage: new workers.DevUsageManager(),
    runtime: createWaits(core, ask),
    realtimeStreams,
    inputStreams,
    timeout: { signal: abort.signal, abortAfterTimeout: () => abort, reset() {} },
    listeners: { wait: [], resume: [], cancel: [] },
    abort,
    spans: [],
    spanCount: 0,
    abandoned: false,
    pendingWaits: 0,
    parallelWaits: false,
    waiting: false,
    fail,
  };
}

/** The manager's own periodic flush goes on for ever when it is stopped while one is under way. */
function flushPeriodically({ metadata }: Scope): () => Promise<void> {
  let flushing = Promise.resolve();
  const timer = setInterval(() => {
    flushing = flushing.then(() => metadata.flush());
  }, 1000);
  return async () => {
    clearInterval(timer);
    await flushing;
  };
}

async function lastMetadata(core: Core, scope: Scope): Promise<MetadataChanges | undefined> {
  const packet = await scope.metadata.stopAndReturnLastFlush();
  return packet.data ? ((await core.v3.parsePacket(packet)) as MetadataChanges) : undefined;
}

function internalError(
  execution: TaskRunExecution,
  code: string,
  message: string,
  stackTrace?: string,
): TaskRunExecutionResult {
  return {
    ok: false,
    id: execution.run.id,
    error: {
      type: "INTERNAL_ERROR",
      code: code as "TASK_EXECUTION_FAILED",
      message,
      ...(stackTrace === undefined ? {} : { stackTrace }),
    },
  };
}
