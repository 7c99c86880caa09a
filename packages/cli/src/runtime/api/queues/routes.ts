import { type Context, Hono } from "hono";
import type { ApiContext, ApiEnv } from "../context.js";
import { ApiFailure, found, parseJson } from "../failure.js";
import { changeQueue, listQueues, type QueueRow, readQueue } from "./store.js";

/** `queues.list`, `retrieve`, `pause`, `resume`, `overrideConcurrencyLimit`, `resetConcurrencyLimit`. */
export function queueRoutes(context: ApiContext): Hono<ApiEnv> {
  const { pool } = context;
  const nameIn = async (c: Context, type: unknown) => {
    const name = queueName(c.req.param("queue") ?? "", type);
    return found(await readQueue(pool, name), `Queue ${name}`).name;
  };
  const view = async (name: string) => viewQueue(found(await readQueue(pool, name), "Queue"));

  return new Hono<ApiEnv>()
    .get("/api/v1/queues", async (c) => {
      const page = Math.max(Number(c.req.query("page")) || 1, 1);
      const perPage = Math.min(Math.max(Number(c.req.query("perPage")) || 25, 1), 100);
      const { rows, count } = await listQueues(pool, page, perPage);
      const totalPages = Math.max(Math.ceil(count / perPage), 1);
      return c.json({ data: rows.map(viewQueue), pagination: { currentPage: page, totalPages, count } });
    })
    .get("/api/v1/queues/:queue", async (c) => c.json(await view(await nameIn(c, c.req.query("type")))))
    .post("/api/v1/queues/:queue/pause", async (c) => {
      const { type, action } = await readObject(c);
      if (action !== "pause" && action !== "resume") throw new ApiFailure(400, "action is pause or resume.");
      const name = await nameIn(c, type);
      await changeQueue(pool, name, { paused: action === "pause" });
      return c.json(await view(name));
    })
    .post("/api/v1/queues/:queue/concurrency/override", async (c) => {
      const { type, concurrencyLimit } = await readObject(c);
      if (!Number.isInteger(concurrencyLimit) || Number(concurrencyLimit) < 0) {
        throw new ApiFailure(400, "concurrencyLimit has to be a whole number, 0 or more.");
      }
      const name = await nameIn(c, type);
      await changeQueue(pool, name, { overrideLimit: Number(concurrencyLimit) });
      return c.json(await view(name));
    })
    .post("/api/v1/queues/:queue/concurrency/reset", async (c) => {
      const { type } = await readObject(c);
      const name = await nameIn(c, type);
      await changeQueue(pool, name, { overrideLimit: null });
      return c.json(await view(name));
    });
}

async function readObject(c: Context): Promise<Record<string, unknown>> {
  return (parseJson((await c.req.text()) || "{}") ?? {}) as Record<string, unknown>;
}

/** A queue's own name, by its id, or by its kind and the name people know it by. The SDK writes slashes twice encoded. */
function queueName(value: string, type: unknown): string {
  const name = value.replaceAll("%2F", "/");
  // As on the platform, `ctx.queue.name` may be given as it is.
  if (type === "task") return `task/${name.replace(/^task\//, "")}`;
  if (type === "custom") return name;
  return name.startsWith("queue_") ? name.slice("queue_".length) : name;
}

function viewQueue(row: QueueRow) {
  const current = row.override_limit ?? row.concurrency_limit;
  return {
    id: `queue_${row.name}`,
    name: row.name.replace(/^task\//, ""),
    type: row.name.startsWith("task/") ? "task" : "custom",
    running: row.running,
    queued: row.queued,
    paused: row.paused,
    concurrencyLimit: current,
    version: "V1",
    concurrency: {
      current,
      base: row.concurrency_limit,
      override: row.override_limit,
      overriddenAt: row.overridden_at,
      overriddenBy: null,
    },
  };
}
