import { Hono } from "hono";
import type { RunLog } from "../logs/run-log.js";
import { readRun } from "../runs/read.js";
import type { ApiContext, ApiEnv } from "./context.js";
import { ApiFailure, found } from "./failure.js";

/** Most runs that one question may name. */
const mostRuns = 100;

/** What a run logged, oldest first, with `?after=<id>` for what came since; and whose rights runs used. */
export function runLogRoutes({ pool }: ApiContext, log: RunLog): Hono<ApiEnv> {
  return new Hono<ApiEnv>()
    .get("/api/v1/runs/:run/events", async (c) => {
      const run = c.req.param("run");
      found(await readRun(pool, run), "Run");
      const after = c.req.query("after") ?? "0";
      if (!/^\d{1,18}$/.test(after)) throw new ApiFailure(400, "after has to be the id of an event.");
      return c.json({ events: await log.read(run, after) });
    })
    .get("/api/v1/run-identities", async (c) => {
      const runs = c.req.queries("run") ?? [];
      if (runs.length > mostRuns)
        throw new ApiFailure(400, `One question can name ${mostRuns} runs at most.`);
      return c.json({ identities: await log.identities(runs) });
    });
}
