import type { TaskRunExecutionResult } from "@trigger.dev/core/v3";
import { untilWritten } from "../../database/retry.js";
import { toExecutionResult } from "../../runs/result.js";
import { hasEnded } from "../../runs/row.js";
import type { ApiContext } from "../context.js";
import { readBatch, readBatchRuns } from "./store.js";

/** The results of a batch, in the order of its items, once all its runs have ended. Outlasts a restart of Postgres. */
export async function waitForBatch(
  { pool, runs }: Pick<ApiContext, "pool" | "runs">,
  id: string,
  stopped: () => boolean,
): Promise<TaskRunExecutionResult[]> {
  const rows = await untilWritten(
    async () => ((await readBatch(pool, id)) ? readBatchRuns(pool, id) : []),
    stopped,
  );
  return Promise.all(
    rows.map((row) => (hasEnded(row.status) ? toExecutionResult(row) : runs.resultOf(row.id))),
  );
}
