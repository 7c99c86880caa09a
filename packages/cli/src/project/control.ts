import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import type { AddressInfo } from "node:net";
import { serve } from "@hono/node-server";
import { Hono } from "hono";
import type { RunningStatus } from "./running.js";

/** A loopback port by which another terminal asks a running `behalf dev` how it is, or to stop. */
export interface Control {
  url: string;
  token: string;
  close(): void;
}

const digest = (text: string) => createHash("sha256").update(text).digest();

export async function openControl(handlers: {
  status(): RunningStatus;
  /** What a worker on the same queue needs, secrets included. */
  workerEnvironment(): Record<string, string>;
  stop(): Promise<void>;
}): Promise<Control> {
  const token = randomBytes(24).toString("base64url");
  const expected = digest(`Bearer ${token}`);
  const app = new Hono();
  app.use(async (c, next) => {
    if (!timingSafeEqual(digest(c.req.header("authorization") ?? ""), expected))
      return c.text("Unauthorized", 401);
    await next();
    return undefined;
  });
  app.get("/status", (c) => c.json(handlers.status()));
  app.get("/worker-environment", (c) => c.json(handlers.workerEnvironment()));
  app.post("/stop", async (c) => {
    await handlers.stop();
    return c.text("stopped");
  });
  const server = serve({ fetch: app.fetch, hostname: "127.0.0.1", port: 0, overrideGlobalObjects: false });
  await new Promise<void>((resolve, reject) => {
    server.once("listening", resolve);
    server.once("error", reject);
  });
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, token, close: () => void server.close() };
}
