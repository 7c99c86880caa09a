import { Hono } from "hono";
import { authenticate } from "./authenticate.js";
import type { ApiContext, ApiEnv } from "./context.js";
import { ApiFailure } from "./failure.js";
import { runRoutes } from "./runs.js";

/** The API that the published SDK calls, without a socket. */
export function createApi(context: ApiContext): Hono<ApiEnv> {
  const app = new Hono<ApiEnv>();
  app.onError((error, c) => {
    if (error instanceof ApiFailure) return c.json({ error: error.message }, error.status);
    return c.json({ error: "The local runtime could not answer. It may be starting or stopping." }, 500);
  });
  app.notFound((c) =>
    c.json({ error: `The local runtime has no ${c.req.method} ${c.req.path}; see docs/fidelity.md.` }, 404),
  );
  app.use("/api/*", authenticate(context.secretKey));
  app.use("/engine/*", authenticate(context.secretKey));
  app.use("/realtime/*", authenticate(context.secretKey));
  app.use(async (c, next) => {
    if (c.get("access")?.kind === "public") throw new ApiFailure(403, "This public token may not do that.");
    await next();
  });
  app.route("/", runRoutes(context));
  return app;
}
