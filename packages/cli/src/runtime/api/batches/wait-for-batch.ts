import type { TaskRunExecutionResult } from "@trigger.dev/core/v3";
import { toExecutionResult } from "../../runs/result.js";
import { hasEnded } from "../../runs/row.js";
import type { ApiContext } from "../context.js";
import { readBatch, readBatchRuns } from "./store.js";

/** The results of a batch, in the order of its items, once all its runs have ended. */
export async function waitForBatch(
  { pool, runs }: Pick<ApiContext, "pool" | "runs">,
  id: string,
): Promise<TaskRunExecutionResult[]> {
  if (!(await readBatch(pool, id))) return [];
  const rows = await readBatchRuns(pool, id);
  const ended = await Promise.all(
    rows.map((row) => (hasEnded(row.status) ? toExecutionResult(row) : runs.resultOf(row.id))),
  );
  return ended;
}
