import { cors } from "hono/cors";

/**
 * Lets pages of any origin call, as the platform does: a browser's realtime hooks carry a public token. There are no cookies, so a
 * page gets nothing it holds no token for.
 */
export const allowBrowsers = cors({
  origin: "*",
  allowMethods: ["GET", "HEAD", "POST", "PUT", "DELETE"],
  exposeHeaders: [
    "electric-handle",
    "electric-offset",
    "electric-schema",
    "electric-cursor",
    "electric-up-to-date",
    "x-stream-version",
    "x-last-chunk-index",
    "x-trigger-jwt",
    "x-trigger-jwt-claims",
  ],
  maxAge: 600,
});
