import { Hono } from "hono";
import { authorize } from "./access/authorize.js";
import type { Areas } from "./areas.js";
import { authenticate } from "./authenticate.js";
import type { ApiContext, ApiEnv } from "./context.js";
import { allowBrowsers } from "./cors.js";
import { ApiFailure } from "./failure.js";
import { runChangeRoutes } from "./run-changes.js";
import { runRoutes } from "./runs.js";

/** The API that the published SDK calls, without a socket. */
export function createApi(context: ApiContext, areas: Areas): Hono<ApiEnv> {
  const app = new Hono<ApiEnv>();
  app.onError((error, c) => {
    if (error instanceof ApiFailure) return c.json({ error: error.message }, error.status);
    return c.json({ error: "The local runtime could not answer. It may be starting or stopping." }, 500);
  });
  app.notFound((c) =>
    c.json({ error: `The local runtime has no ${c.req.method} ${c.req.path}; see docs/fidelity.md.` }, 404),
  );
  app.use(allowBrowsers);
  // Before whoever asks for a key: these need none.
  app.route("/", areas.open);
  app.use("/api/*", authenticate(context.secretKey));
  app.use("/engine/*", authenticate(context.secretKey));
  app.use("/realtime/*", authenticate(context.secretKey));
  app.use(authorize(context));
  app.route("/", runRoutes(context));
  app.route("/", runChangeRoutes(context));
  app.route("/", areas.routes);
  return app;
}
