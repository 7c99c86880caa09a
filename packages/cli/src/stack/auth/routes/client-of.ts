import type { Context } from "hono";
import type { Client } from "../sessions.js";
import type { AuthEnv } from "../types.js";

export function clientOf(c: Context<AuthEnv>): Client {
  return { userAgent: c.req.header("user-agent"), ip: c.env.incoming?.socket.remoteAddress };
}
