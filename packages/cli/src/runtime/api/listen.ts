import type { AddressInfo } from "node:net";
import { createAdaptorServer } from "@hono/node-server";
import type { Hono } from "hono";
import { messageOf, RuntimeError } from "../errors.js";
import type { ApiEnv } from "./context.js";

export interface Listening {
  url: string;
  close(): Promise<void>;
}

/** Serves the API on 127.0.0.1 only. */
export async function listen(app: Hono<ApiEnv>, port: number): Promise<Listening> {
  const server = createAdaptorServer({ fetch: app.fetch });
  try {
    await new Promise<void>((resolve, reject) => {
      server.once("listening", resolve);
      server.once("error", reject);
      // As many as the gateway lets wait: the runs that call it call this, too.
      server.listen({ port, host: "127.0.0.1", backlog: 4096 });
    });
  } catch (cause) {
    throw new RuntimeError(
      "ERR_RUNTIME_PORT",
      `The Trigger.dev API can't listen on port ${port}: ${messageOf(cause)}. Choose another port, or 0 for a free one.`,
      { cause },
    );
  }
  const { port: taken } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${taken}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        if ("closeAllConnections" in server) server.closeAllConnections();
      }),
  };
}
