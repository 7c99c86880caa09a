import { Hono } from "hono";
import type { GatewayEnv } from "../gateway/types.js";
import { publicJwks } from "../keys/jwks.js";
import type { StackKeys } from "../types.js";

export function createAuth(keys: StackKeys): Hono<GatewayEnv> {
  const app = new Hono<GatewayEnv>();
  app.get("/.well-known/jwks.json", (c) => c.json(publicJwks(keys.signingKeys)));
  app.get("/health", (c) => c.json({ name: "GoTrue", description: "behalf's embedded auth" }));
  return app;
}
