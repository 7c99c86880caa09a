import type { MiddlewareHandler } from "hono";
import type { GatewayEnv } from "./types.js";

const methods = "GET,HEAD,PUT,PATCH,POST,DELETE,OPTIONS,TRACE,CONNECT";

/**
 * Lets pages of any origin call, as Supabase does: what protects a project is its keys and policies, not the origin. Edge Functions
 * answer for themselves, preflights too, so that one which forgets to is noticed here and not after its deployment.
 */
export const allowAnyOrigin: MiddlewareHandler<GatewayEnv> = async (c, next) => {
  const isPreflight = c.req.method === "OPTIONS" && c.req.header("access-control-request-method");
  if (isPreflight && !c.req.path.startsWith("/functions/v1/")) {
    return c.body(null, 200, {
      "access-control-allow-origin": "*",
      "access-control-allow-methods": methods,
      "access-control-allow-headers": c.req.header("access-control-request-headers") ?? "*",
      "access-control-max-age": "3600",
    });
  }
  await next();
  if (!c.var.answeredByFunction) c.res.headers.set("access-control-allow-origin", "*");
  return undefined;
};
