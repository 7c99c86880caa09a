import { Hono } from "hono";
import type { ApiContext, ApiEnv } from "./context.js";
import { ApiFailure, parseJson } from "./failure.js";

/** `idempotencyKeys.reset`: the next trigger with that key makes a new run. */
export function idempotencyKeyRoutes({ pool }: ApiContext): Hono<ApiEnv> {
  return new Hono<ApiEnv>().post("/api/v1/idempotencyKeys/:key/reset", async (c) => {
    const { taskIdentifier } = parseJson(await c.req.text()) as { taskIdentifier?: unknown };
    if (typeof taskIdentifier !== "string")
      throw new ApiFailure(400, "taskIdentifier has to be a task's id.");
    const key = c.req.param("key");
    const { rowCount } = await pool.query(
      "delete from runtime.idempotency_keys where task = $1 and key = $2",
      [taskIdentifier, key],
    );
    if (rowCount === 0) {
      throw new ApiFailure(404, `No run of ${taskIdentifier} was triggered with that idempotency key.`);
    }
    return c.json({ id: key });
  });
}
