import { randomUUID } from "node:crypto";
import { CreateInputStreamWaitpointRequestBody } from "@trigger.dev/core/v3";
import { Hono } from "hono";
import type pg from "pg";
import { readRun } from "../../runs/read.js";
import type { ApiContext, ApiEnv } from "../context.js";
import { ApiFailure, found, parseJson, readBody } from "../failure.js";
import { momentOf } from "../waitpoints/routes.js";
import { completeWaitpoint, createWaitpoint, type WaitpointRow } from "../waitpoints/store.js";
import type { WaitpointWaiting } from "../waitpoints/waiting.js";
import type { StreamStore } from "./store.js";

/** Sending to a run (`streams.input(…).send`), and the run's waiting for what is sent. */
export function inputRoutes(
  context: ApiContext,
  store: StreamStore,
  waiting: WaitpointWaiting,
): Hono<ApiEnv> {
  const { pool } = context;

  return new Hono<ApiEnv>()
    .post("/realtime/v1/streams/:run/input/:key", async (c) => {
      const { run, key } = c.req.param();
      found(await readRun(pool, run), "Run");
      const body = parseJson(await c.req.text()) as { data?: unknown } | null;
      if (body === null || typeof body !== "object" || !("data" in body)) {
        throw new ApiFailure(400, "The body has to be an object with data in it.");
      }
      await store.append(run, nameOf(key), randomUUID(), 0, [JSON.stringify(body.data)]);
      await completeWaiting(pool, store, waiting, run, key);
      return c.json({ ok: true });
    })
    .post("/api/v1/runs/:run/input-streams/wait", async (c) => {
      const run = c.req.param("run");
      found(await readRun(pool, run), "Run");
      const body = await readBody(c, CreateInputStreamWaitpointRequestBody);
      const { row, isCached } = await createWaitpoint(pool, {
        type: "INPUT_STREAM",
        dueAt: momentOf(body.timeout, "timeout"),
        tags: body.tags === undefined ? [] : [body.tags].flat(),
        idempotencyKey: body.idempotencyKey,
        idempotencyExpiresAt: momentOf(body.idempotencyKeyTTL, "idempotencyKeyTTL"),
        record: { run, stream: body.streamId, seq: (body.lastSeqNum ?? -1) + 1 },
      });
      await completeWaiting(pool, store, waiting, run, body.streamId);
      return c.json({ waitpointId: row.id, isCached });
    });
}

const nameOf = (key: string) => `$input/${key}`;

/** Completes the waitpoints whose record has come: looked for after every send and every wait, whichever was first. */
async function completeWaiting(
  pool: pg.Pool,
  store: StreamStore,
  waiting: WaitpointWaiting,
  run: string,
  key: string,
): Promise<void> {
  const { rows } = await pool.query<WaitpointRow>(
    "select * from runtime.waitpoints where run_id = $1 and stream_key = $2 and status = 'WAITING'",
    [run, key],
  );
  for (const { id, stream_seq } of rows) {
    const [record] = await store.readAfter(run, nameOf(key), (stream_seq ?? 0) - 1);
    if (!record) continue;
    const output = { data: record.data, dataType: "application/json" };
    waiting.settle(await completeWaitpoint(pool, id, output));
  }
}
