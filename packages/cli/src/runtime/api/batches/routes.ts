import { BatchItemNDJSON, BatchTriggerTaskV3RequestBody, CreateBatchRequestBody } from "@trigger.dev/core/v3";
import { type Context, Hono } from "hono";
import { toExecutionResult } from "../../runs/result.js";
import { hasEnded, type RunRow } from "../../runs/row.js";
import { hashOf, mayBatchTrigger } from "../access/authorize.js";
import { checkOptions } from "../check-options.js";
import type { ApiContext, ApiEnv } from "../context.js";
import { ApiFailure, checkShape, found, parseJson, readBody } from "../failure.js";
import { readLines } from "../read-lines.js";
import { requestId } from "../request-id.js";
import { addItems, type BatchItem, sealBatch } from "./add-items.js";
import { type BatchRow, createBatch, readBatch, readBatchRuns } from "./store.js";

/** Items accepted in one transaction. */
const itemsAtOnce = 200;

/** Triggering many runs at once: `batchTrigger`, `batch.trigger`, `batch.triggerByTask` and their waiting forms. */
export function batchRoutes(context: ApiContext): Hono<ApiEnv> {
  const { pool } = context;
  const read = async (c: Context) => found(await readBatch(pool, c.req.param("batch") ?? ""), "Batch");

  return (
    new Hono<ApiEnv>()
      .post("/api/v3/batches", async (c) => {
        const body = await readBody(c, CreateBatchRequestBody);
        const { row, isCached } = await createBatch(pool, {
          ...body,
          id: requestId(c, "batch"),
          tokenHash: oneTimeHash(c),
        });
        const { id, run_count: runCount, idempotency_key } = row;
        return c.json({ id, runCount, isCached, idempotencyKey: idempotency_key ?? undefined }, 202);
      })
      .post("/api/v3/batches/:batch/items", async (c) => {
        const batch = await read(c);
        if (batch.token_hash !== null && batch.token_hash !== oneTimeHash(c)) {
          throw new ApiFailure(403, "This batch was made with another one-time token.");
        }
        return c.json(await streamItems(context, c, batch));
      })
      // SDKs before 4.5 send a batch in one piece.
      .post("/api/v2/tasks/batch", async (c) => {
        const { items, parentRunId, resumeParentOnCompletion } = await readBody(
          c,
          BatchTriggerTaskV3RequestBody,
        );
        if (items.length === 0) throw new ApiFailure(400, "Batch cannot be triggered with no items");
        for (const { options } of items) checkOptions(options);
        const runCount = items.length;
        const id = requestId(c, "batch");
        const { row } = await createBatch(pool, { id, runCount, parentRunId, resumeParentOnCompletion });
        await addItems(
          context,
          row,
          items.map((item, index) => ({ ...item, index })),
        );
        await sealBatch(pool, row);
        return c.json({ id: row.id, runCount }, 202);
      })
      .get("/api/v2/batches/:batch", async (c) => c.json(viewBatch(await read(c), await runsOf(context, c))))
      .get("/api/v1/batches/:batch", async (c) => c.json(viewBatch(await read(c), await runsOf(context, c))))
      .get("/api/v1/batches/:batch/results", async (c) => {
        const { id } = await read(c);
        const runs = await runsOf(context, c);
        return c.json({ id, items: runs.filter((run) => hasEnded(run.status)).map(toExecutionResult) });
      })
  );
}

const runsOf = ({ pool }: ApiContext, c: Context) => readBatchRuns(pool, c.req.param("batch") ?? "");

async function streamItems(context: ApiContext, c: Context<ApiEnv>, batch: BatchRow) {
  let itemsAccepted = 0;
  let itemsDeduplicated = 0;
  for await (const lines of readLines(c.req.raw.body, itemsAtOnce)) {
    const items = lines.map((line) => readItem(c, batch, line));
    const { accepted, deduplicated } = await addItems(context, batch, items);
    itemsAccepted += accepted;
    itemsDeduplicated += deduplicated;
  }
  const { count, sealed } = await sealBatch(context.pool, batch);
  return {
    id: batch.id,
    itemsAccepted,
    itemsDeduplicated,
    sealed,
    ...(sealed ? {} : { enqueuedCount: count, expectedCount: batch.run_count }),
  };
}

function readItem(c: Context<ApiEnv>, batch: BatchRow, line: string): BatchItem {
  const item = checkShape(parseJson(line), BatchItemNDJSON);
  checkOptions(item.options);
  if (item.index >= batch.run_count) {
    throw new ApiFailure(400, `Item ${item.index} is beyond the batch's ${batch.run_count} runs.`);
  }
  if (!mayBatchTrigger(c.get("access"), item.task)) {
    throw new ApiFailure(403, `This public token may not batch-trigger ${item.task}.`);
  }
  return item;
}

function oneTimeHash(c: Context<ApiEnv>): string | undefined {
  const access = c.get("access");
  return access.kind === "public" && access.claims.otu === true ? hashOf(c.req.raw) : undefined;
}

function viewBatch(batch: BatchRow, runs: RunRow[]) {
  const done = batch.sealed_at !== null && runs.every((run) => hasEnded(run.status));
  const completedAt = done ? latest(runs) : undefined;
  return {
    id: batch.id,
    status: batch.sealed_at === null ? "PENDING" : done ? "COMPLETED" : "PROCESSING",
    idempotencyKey: batch.idempotency_key ?? undefined,
    createdAt: batch.created_at,
    updatedAt: completedAt ?? batch.updated_at,
    runCount: batch.run_count,
    runs: runs.map((run) => run.id),
    processing: { completedAt: batch.sealed_at ?? undefined, errors: [] },
  };
}

function latest(runs: RunRow[]): Date {
  return new Date(Math.max(...runs.map((run) => run.finished_at?.getTime() ?? 0)));
}
