import { readFileSync } from "node:fs";
import { Hono } from "hono";
import { secureHeaders } from "hono/secure-headers";
import type { ConsoleAccess } from "./access.js";
import { changeRoutes } from "./changes.js";
import type { ConsoleContext } from "./context.js";
import { answerFailure, ConsoleFailure } from "./failure.js";
import { listRoutes } from "./lists.js";
import { runRoutes } from "./runs.js";
import { taskRoutes } from "./tasks.js";

/** Built beside this module by scripts/build-console.mjs. */
const pageFolder = new URL("page/", import.meta.url);
const types: Record<string, string> = {
  "index.html": "text/html; charset=utf-8",
  "page.js": "text/javascript; charset=utf-8",
  "page.css": "text/css; charset=utf-8",
  "icon.svg": "image/svg+xml",
};

/** The page and what it asks, without a socket. */
export function createConsole(context: ConsoleContext, access: ConsoleAccess, stopping: AbortSignal): Hono {
  const app = new Hono();
  app.onError(answerFailure);
  app.use(
    secureHeaders({
      contentSecurityPolicy: {
        defaultSrc: ["'self'"],
        baseUri: ["'none'"],
        formAction: ["'none'"],
        frameAncestors: ["'none'"],
      },
      referrerPolicy: "no-referrer",
      xFrameOptions: "DENY",
      strictTransportSecurity: false,
    }),
    async (c, next) => {
      await next();
      c.header("cache-control", "no-store");
    },
    access.checkSite,
  );
  app.get("/", (c, next) => access.enter(c) ?? next());
  app.use(access.checkSession);
  app.route("/", runRoutes(context));
  app.route("/", taskRoutes(context));
  app.route("/", listRoutes(context));
  app.route("/", changeRoutes(context.runtime, stopping));
  app.all("/api/*", () => {
    throw new ConsoleFailure(404, "ERR_CONSOLE_REQUEST", "The console has no such question.");
  });
  // Every other path is the page's own to understand.
  app.get("*", (c) => {
    const asked = c.req.path.slice(1);
    const file = Object.hasOwn(types, asked) ? asked : "index.html";
    return c.body(readFileSync(new URL(file, pageFolder)), 200, { "content-type": types[file] ?? "" });
  });
  return app;
}
