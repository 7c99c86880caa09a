import { Hono, type MiddlewareHandler } from "hono";
import type { StackKeys } from "../types.js";
import { requireApiKey } from "./api-keys.js";
import { allowAnyOrigin } from "./cors.js";
import type { RestProxy } from "./rest.js";
import type { GatewayEnv } from "./types.js";

/** What answers behind the gateway. A part added here is a route below, and nothing else. */
export interface GatewayParts {
  rest: RestProxy;
  auth: Hono<GatewayEnv>;
  /** Absent where the project has no `supabase/functions`. */
  functions?: Hono<GatewayEnv> | undefined;
  storage: Hono<GatewayEnv>;
  /** Sees every request before the others do. */
  observe?: MiddlewareHandler<GatewayEnv> | undefined;
}

/** Answered without an API key, as in Supabase: who verifies a token has none, nor has a browser that follows a link. */
const openRoutes = /^\/auth\/v1\/(\.well-known\/|(authorize|callback|verify)$)/;

const absent: [path: string, what: string][] = [
  [
    "realtime",
    "Realtime is not part of the embedded stack. Use a hosted project, or `supabase start`, for channels and postgres_changes.",
  ],
  ["functions", "This project has no supabase/functions."],
  ["graphql", "GraphQL is not part of the embedded stack."],
];

/** The one address of a Supabase project: checks API keys, then hands over to the part that the path names. */
export function createGateway(keys: StackKeys, parts: GatewayParts): Hono<GatewayEnv> {
  const app = new Hono<GatewayEnv>();
  const checkKey = requireApiKey(keys);
  app.use(allowAnyOrigin);
  if (parts.observe) app.use(parts.observe);
  app.use("/auth/v1/*", (c, next) => (openRoutes.test(c.req.path) ? next() : checkKey(c, next)));
  app.use("/rest/v1/*", checkKey);
  // Storage asks for a token itself, and not for everything: public and signed URLs carry neither token nor key, S3 its own signature.
  app.use("/storage/v1/*", (c, next) => (c.req.header("apikey") ? checkKey(c, next) : next()));
  app.route("/auth/v1", parts.auth);
  app.route("/storage/v1", parts.storage);
  app.all("/rest/v1/*", parts.rest.handler);
  if (parts.functions) app.route("/functions/v1", parts.functions);
  for (const [part, message] of absent) app.all(`/${part}/v1/*`, (c) => c.json({ message }, 501));
  app.notFound((c) =>
    c.json(
      {
        message: `Nothing answers ${new URL(c.req.url).pathname} here.`,
        hint: "There are /rest/v1, /auth/v1 and /storage/v1.",
      },
      404,
    ),
  );
  return app;
}
