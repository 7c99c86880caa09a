import { setTimeout as sleep } from "node:timers/promises";
import { type AnyRunShape, type RetrieveRunResult, runs } from "@trigger.dev/sdk";
import { UsageError } from "../../errors.js";
import type { Endpoints } from "../../project/environment.js";
import type { RunError } from "../../runtime/index.js";

/** Something a run did, as the runtime's API tells it. */
export interface ToldEvent {
  id: string;
  /** ISO 8601. */
  at: string;
  kind: string;
  level: string | null;
  message: string;
  properties: unknown;
}

export type ToldRun = RetrieveRunResult<AnyRunShape>;

const interval = 200;
/** The API is on this machine: one that doesn't answer has gone away. */
const retry = { maxAttempts: 3, minTimeoutInMs: 100, maxTimeoutInMs: 500 };

/** The API that a run is followed by. The SDK has to be configured for it. */
export type RunApi = Pick<Endpoints, "triggerApiUrl" | "triggerSecretKey">;

/** What a run did so far, after one of its events. */
async function readEvents(api: RunApi, run: string, after = "0"): Promise<ToldEvent[]> {
  const url = `${api.triggerApiUrl}/api/v1/runs/${encodeURIComponent(run)}/events?after=${after}`;
  const response = await fetch(url, { headers: { authorization: `Bearer ${api.triggerSecretKey}` } });
  if (!response.ok) throw new Error(`The Trigger.dev API answered ${response.status} when asked for events.`);
  return ((await response.json()) as { events: ToldEvent[] }).events;
}

/**
 * Calls `onEvents` with what a run does until it has ended, and returns the run as it is then; or as it is when the signal is aborted.
 *
 * @throws {UsageError} `ERR_USAGE_NOT_RUNNING` where the API has gone away meanwhile.
 */
export async function followRun(
  api: RunApi,
  id: string,
  onEvents: (events: ToldEvent[]) => void,
  signal?: AbortSignal,
): Promise<ToldRun> {
  try {
    return await follow(api, id, onEvents, signal);
  } catch (cause) {
    const answers = await fetch(api.triggerApiUrl).then(
      () => true,
      () => false,
    );
    if (answers) throw cause;
    throw new UsageError(
      "ERR_USAGE_NOT_RUNNING",
      `What ran ${id} has ended. The run goes on when behalf dev is started again; see it then with: behalf logs ${id}`,
      { cause },
    );
  }
}

async function follow(
  api: RunApi,
  id: string,
  onEvents: (events: ToldEvent[]) => void,
  signal: AbortSignal | undefined,
): Promise<ToldRun> {
  let after = "0";
  for (;;) {
    // First the run, then its events: those of one that has ended are then all there.
    const run = await runs.retrieve(id, { retry });
    for (;;) {
      const events = await readEvents(api, id, after);
      if (events.length === 0) break;
      after = events.at(-1)?.id ?? after;
      onEvents(events);
    }
    if (run.isCompleted || signal?.aborted) return run;
    await sleep(interval, undefined, signal ? { signal } : {}).catch(() => {});
  }
}

/** A run's error in the runtime's words. */
export function errorOf(run: ToldRun): RunError | undefined {
  const { error } = run;
  if (!error) return undefined;
  return {
    message: error.message,
    ...(error.name ? { name: error.name } : {}),
    ...(error.stackTrace ? { stackTrace: error.stackTrace } : {}),
  };
}
