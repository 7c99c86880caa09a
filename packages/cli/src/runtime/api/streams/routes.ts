import { randomUUID } from "node:crypto";
import { type Context, Hono } from "hono";
import { readRun } from "../../runs/read.js";
import type { ApiContext, ApiEnv } from "../context.js";
import { found } from "../failure.js";
import { readLines } from "../read-lines.js";
import type { EventForm } from "./events.js";
import { readLastEventId, toEvents } from "./events.js";
import { readStream } from "./read-stream.js";
import type { StreamStore } from "./store.js";

/** `streams.pipe`, `append`, `read` and `metadata.stream`; input streams are in input-routes.ts. */
export function streamRoutes(context: ApiContext, store: StreamStore): Hono<ApiEnv> {
  const { pool } = context;
  const runOf = async (c: Context) => {
    const row = found(await readRun(pool, c.req.param("run") ?? ""), "Run");
    const target = c.req.param("target");
    if (target === "parent") return row.parent_id ?? row.id;
    if (target === "root") return row.root_id ?? row.id;
    return row.id;
  };
  const keyOf = (c: Context) => c.req.param("key") ?? "";

  return (
    new Hono<ApiEnv>()
      .get("/realtime/v1/streams/:run/input/:key", (c) =>
        serve(context, store, c, `$input/${keyOf(c)}`, "v2"),
      )
      .get("/realtime/v1/streams/:run/:key", (c) => serve(context, store, c, keyOf(c), "v1"))
      .put("/realtime/v1/streams/:run/:target/:key", async (c) => {
        const run = await runOf(c);
        await store.declare(run, keyOf(c));
        const row = await readRun(pool, run);
        if (row) context.changes.announce(row);
        return c.json({ version: "v1" });
      })
      .post("/realtime/v1/streams/:run/:target/:key/append", async (c) => {
        const run = await runOf(c);
        await store.declare(run, keyOf(c));
        await store.append(run, keyOf(c), randomUUID(), 0, [await c.req.text()]);
        return c.json({ ok: true });
      })
      .post("/realtime/v1/streams/:run/:target/:key", async (c) => {
        const run = await runOf(c);
        const writer = c.req.header("x-client-id") ?? randomUUID();
        let part = Number(c.req.header("x-resume-from-chunk") ?? 0) || 0;
        for await (const lines of readLines(c.req.raw.body, 100, true)) {
          await store.append(run, keyOf(c), writer, part, lines);
          part += lines.length;
        }
        return c.body(null, 200);
      })
      // Hono answers HEAD by the GET route of the same path; there is none with three parts but this.
      .get("/realtime/v1/streams/:run/:target/:key", async (c) => {
        const last = await store.lastPart(await runOf(c), keyOf(c), c.req.header("x-client-id") ?? "");
        c.header("x-last-chunk-index", String(last));
        return c.body(null, 200);
      })
  );
}

/** Longest that a reader waits for a next part unless it says otherwise, as on the platform. */
const idleSeconds = 60;

async function serve(
  context: ApiContext,
  store: StreamStore,
  c: Context<ApiEnv>,
  key: string,
  form: EventForm,
): Promise<Response> {
  const run = c.req.param("run") ?? "";
  found(await readRun(context.pool, run), "Run");
  const resumed = c.req.header("last-event-id");
  const fresh = c.req.header("x-trigger-stream-start") === "latest";
  const after = resumed === undefined && fresh ? await store.lastSeq(run, key) : readLastEventId(resumed);
  const seconds = Number(c.req.header("timeout-seconds")) || idleSeconds;
  const stop = new AbortController();
  const parts = readStream(context, store, {
    run,
    key,
    after,
    idleTimeout: seconds * 1000,
    signal: AbortSignal.any([stop.signal, c.req.raw.signal]),
  });
  const encoder = new TextEncoder();
  const body = new ReadableStream<Uint8Array>({
    async start(controller) {
      // Something has to be sent at once, or the reader's fetch waits for the first part.
      controller.enqueue(encoder.encode(": connected\n\n"));
    },
    async pull(controller) {
      const { value, done } = await parts.next();
      if (done) controller.close();
      else controller.enqueue(encoder.encode(toEvents(value, form)));
    },
    async cancel() {
      stop.abort();
      await parts.return(undefined);
    },
  });
  return c.body(body, 200, {
    "content-type": "text/event-stream",
    "cache-control": "no-store",
    "x-stream-version": form,
  });
}
