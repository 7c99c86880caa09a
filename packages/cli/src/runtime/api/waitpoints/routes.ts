import {
  CompleteWaitpointTokenRequestBody,
  CreateWaitpointTokenRequestBody,
  stringifyIO,
  WaitForDurationRequestBody,
} from "@trigger.dev/core/v3";
import { type Context, Hono } from "hono";
import { readMoment } from "../../runs/times.js";
import type { ApiContext, ApiEnv } from "../context.js";
import { ApiFailure, found, readBody } from "../failure.js";
import { callbackUrl, isCallbackHash, readCallback } from "./callback.js";
import { listTokens } from "./list.js";
import {
  completeWaitpoint,
  createWaitpoint,
  endDueWaitpoints,
  readWaitpoint,
  type WaitpointRow,
} from "./store.js";
import type { WaitpointWaiting } from "./waiting.js";

/** Tokens that runs wait for, and waits for a moment: `wait.createToken`, `completeToken`, `forToken`, `for`, `until`. */
export function waitpointRoutes(context: ApiContext, waiting: WaitpointWaiting): Hono<ApiEnv> {
  const { pool } = context;
  const read = async (c: Context) => found(await readWaitpoint(pool, c.req.param("id") ?? ""), "Waitpoint");
  const view = (row: WaitpointRow) => viewToken(context, row);

  return new Hono<ApiEnv>()
    .post("/api/v1/waitpoints/tokens", async (c) => {
      const body = await readBody(c, CreateWaitpointTokenRequestBody);
      const { row, isCached } = await createWaitpoint(pool, {
        type: "TOKEN",
        dueAt: momentOf(body.timeout, "timeout"),
        tags: body.tags === undefined ? [] : [body.tags].flat(),
        idempotencyKey: body.idempotencyKey,
        idempotencyExpiresAt: momentOf(body.idempotencyKeyTTL, "idempotencyKeyTTL"),
      });
      return c.json({ id: row.id, isCached, url: callbackUrl(context, row.id) });
    })
    .get("/api/v1/waitpoints/tokens", async (c) => {
      await endDue(context, waiting);
      const { rows, next, previous } = await listTokens(pool, new URL(c.req.url).searchParams);
      return c.json({ data: rows.map(view), pagination: { next, previous } });
    })
    .get("/api/v1/waitpoints/tokens/:id", async (c) => {
      await endDue(context, waiting);
      const row = await read(c);
      return c.json({
        ...view(row),
        output: row.output ?? undefined,
        outputType: row.output_type ?? undefined,
        outputIsError: row.status === "TIMED_OUT",
      });
    })
    .post("/api/v1/waitpoints/tokens/:id/complete", async (c) => {
      const { id } = await read(c);
      const { data } = await readBody(c, CompleteWaitpointTokenRequestBody);
      await complete(context, waiting, id, data);
      return c.json({ success: true });
    })
    .post("/engine/v1/runs/:run/waitpoints/tokens/:id/wait", async (c) => {
      await read(c);
      return c.json({ success: true });
    })
    .post("/engine/v1/runs/:run/wait/duration", async (c) => {
      const { date, idempotencyKey, idempotencyKeyTTL } = await readBody(c, WaitForDurationRequestBody);
      const { row } = await createWaitpoint(pool, {
        type: "DURATION",
        dueAt: date,
        idempotencyKey,
        idempotencyExpiresAt: momentOf(idempotencyKeyTTL, "idempotencyKeyTTL"),
      });
      return c.json({ waitUntil: row.due_at, waitpoint: { id: row.id } });
    });
}

/** The one route that takes no key: its URL is the secret. */
export function callbackRoutes(context: ApiContext, waiting: WaitpointWaiting): Hono<ApiEnv> {
  return new Hono<ApiEnv>().post("/api/v1/waitpoints/tokens/:id/callback/:hash", async (c) => {
    const { id, hash } = c.req.param();
    if (!isCallbackHash(context.secretKey, id, hash)) throw new ApiFailure(404, "Waitpoint not found");
    found(await readWaitpoint(context.pool, id), "Waitpoint");
    await complete(context, waiting, id, readCallback(await c.req.text()));
    return c.json({ success: true });
  });
}

async function complete(
  { pool }: ApiContext,
  waiting: WaitpointWaiting,
  id: string,
  data: unknown,
): Promise<void> {
  const packet = await stringifyIO(data);
  waiting.settle(await completeWaitpoint(pool, id, { data: packet.data, dataType: packet.dataType }));
}

async function endDue({ pool }: ApiContext, waiting: WaitpointWaiting): Promise<void> {
  for (const row of await endDueWaitpoints(pool)) waiting.settle(row);
}

/** A moment of a request; text that says none is refused rather than taken for "never". */
export function momentOf(value: string | Date | undefined, name: string): Date | undefined {
  if (value === undefined) return undefined;
  const moment = readMoment(value);
  if (!moment) throw new ApiFailure(400, `${name} has to be a date or a duration such as "10m" or "24h".`);
  return moment;
}

function viewToken(context: ApiContext, row: WaitpointRow) {
  return {
    id: row.id,
    url: callbackUrl(context, row.id),
    status: row.status,
    completedAt: row.completed_at ?? undefined,
    timeoutAt: row.due_at ?? undefined,
    completedAfter: row.due_at ?? undefined,
    idempotencyKey: row.idempotency_key ?? undefined,
    idempotencyKeyExpiresAt: row.idempotency_expires_at ?? undefined,
    tags: row.tags,
    createdAt: row.created_at,
  };
}
