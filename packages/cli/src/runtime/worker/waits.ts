import type { RuntimeManager } from "@trigger.dev/core/v3/workers";
import type { Core } from "./core.js";
import type { TaskWait, WaitResult, WaitTarget } from "./messages.js";
import { currentScope } from "./scope.js";

/** Asks the main process to tell when `target` is over; meanwhile the run frees its slot. */
export type AskToWait = (target: WaitTarget) => Promise<WaitResult>;

/** The waits of one attempt. Two at the same time fail, as they do in production. */
export function createWaits({ v3 }: Core, ask: AskToWait): RuntimeManager {
  let waiting = false;

  async function suspend<K extends WaitResult["kind"]>(
    wait: TaskWait,
    target: WaitTarget & { kind: K },
  ): Promise<WaitResult & { kind: K }> {
    const scope = currentScope();
    if (waiting || scope?.parallelWaits) {
      throw new v3.InternalError({
        code: v3.TaskRunErrorCodes.TASK_DID_CONCURRENT_WAIT,
        skipRetrying: true,
        showStackTrace: false,
        message: "Parallel waits are not supported, e.g. using Promise.all() around our wait functions.",
      });
    }
    waiting = true;
    try {
      // Lets a second wait of the same tick arrive and be refused.
      await Promise.resolve();
      await v3.lifecycleHooks.callOnWaitHookListeners(wait);
      if (scope) scope.waiting = true;
      const result = await ask(target);
      if (scope) scope.waiting = false;
      await v3.lifecycleHooks.callOnResumeHookListeners(wait);
      return result as WaitResult & { kind: K };
    } finally {
      waiting = false;
      if (scope) scope.pendingWaits = 0;
    }
  }

  return {
    disable() {},
    async waitForTask({ id }) {
      const { result } = await suspend({ type: "task", runId: id }, { kind: "run", id });
      return result;
    },
    async waitForBatch({ id, runCount }) {
      const wait: TaskWait = { type: "batch", batchId: id, runCount };
      const { results } = await suspend(wait, { kind: "batch", id, runCount });
      return { id, items: results };
    },
    async waitForWaitpoint({ waitpointFriendlyId, finishDate }) {
      const wait: TaskWait = finishDate
        ? { type: "duration", date: finishDate }
        : { type: "token", token: waitpointFriendlyId };
      const { ok, output, outputType } = await suspend(wait, {
        kind: "waitpoint",
        id: waitpointFriendlyId,
        until: finishDate,
      });
      return {
        ok,
        ...(output === undefined ? {} : { output }),
        ...(outputType === undefined ? {} : { outputType }),
      };
    },
  };
}

/** What the SDK finds outside of any run. */
export const noWaits: RuntimeManager = {
  disable() {},
  waitForTask: () => Promise.reject(new Error("This wait only works inside a run.")),
  waitForBatch: () => Promise.reject(new Error("This wait only works inside a run.")),
  waitForWaitpoint: () => Promise.reject(new Error("This wait only works inside a run.")),
};
