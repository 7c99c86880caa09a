import { Hono } from "hono";
import type { RunLog } from "../logs/run-log.js";
import { readRun } from "../runs/read.js";
import type { ApiContext, ApiEnv } from "./context.js";
import { ApiFailure, found } from "./failure.js";

/** What a run logged, oldest first; `?after=<id>` for what came since. */
export function runLogRoutes({ pool }: ApiContext, log: RunLog): Hono<ApiEnv> {
  return new Hono<ApiEnv>().get("/api/v1/runs/:run/events", async (c) => {
    const run = c.req.param("run");
    found(await readRun(pool, run), "Run");
    const after = c.req.query("after") ?? "0";
    if (!/^\d{1,18}$/.test(after)) throw new ApiFailure(400, "after has to be the id of an event.");
    return c.json({ events: await log.read(run, after) });
  });
}
