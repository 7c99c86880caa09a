import { serveStatic } from "@hono/node-server/serve-static";
import { createBehalf } from "behalf";
import { Hono } from "hono";
import { compress } from "hono/compress";
import { secureHeaders } from "hono/secure-headers";
import { createApi } from "./api.ts";
import type { Environment } from "./environment.ts";

/** The API under /api, and the built page of `folder` beside it. */
export function createSite(environment: Environment, folder: string, grantKey?: string): Hono {
  const services = [environment.supabaseUrl, environment.triggerUrl].map((url) => new URL(url).origin);
  const behalf = createBehalf({ url: environment.supabaseUrl, ...(grantKey ? { grantKey } : {}) });
  const site = new Hono();
  site.use(
    secureHeaders({
      // The page loads nothing from elsewhere, and talks to its own services alone.
      contentSecurityPolicy: {
        defaultSrc: ["'none'"],
        scriptSrc: ["'self'"],
        styleSrc: ["'self'"],
        imgSrc: ["'self'"],
        connectSrc: ["'self'", ...services],
        baseUri: ["'none'"],
        formAction: ["'none'"],
        frameAncestors: ["'none'"],
      },
      referrerPolicy: "no-referrer",
    }),
  );
  site.route("/api", createApi(environment, behalf));
  site.use(compress());
  site.use(serveStatic({ root: folder, onFound: (_path, c) => c.header("cache-control", "no-cache") }));
  return site;
}
