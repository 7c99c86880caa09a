import {
  Agent,
  type IncomingHttpHeaders,
  type IncomingMessage,
  request,
  type ServerResponse,
} from "node:http";
import { RESPONSE_ALREADY_SENT } from "@hono/node-server/utils/response";
import type { Handler } from "hono";
import type { GatewayEnv } from "./types.js";

const hopByHop = new Set([
  "connection",
  "keep-alive",
  "proxy-authenticate",
  "proxy-authorization",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
]);

export interface RestProxy {
  handler: Handler<GatewayEnv>;
  close(): void;
}

/** Passes requests on to PostgREST, bodies streamed both ways, and nothing between them changed but the headers a proxy has to. */
export function createRestProxy(port: number, prefix = "/rest/v1"): RestProxy {
  // PostgREST closes what idles for 30 seconds; we let go first, so that no request meets a closing connection.
  const agent = new Agent({ keepAlive: true, maxSockets: 128, timeout: 20_000 });
  const handler: Handler<GatewayEnv> = async (c) => {
    const { incoming, outgoing } = c.env;
    await forward(incoming, outgoing, {
      agent,
      port,
      path: targetOf(incoming.url ?? "/", prefix),
      authorization: c.var.authorization,
    });
    return RESPONSE_ALREADY_SENT;
  };
  return { handler, close: () => agent.destroy() };
}

interface Target {
  agent: Agent;
  port: number;
  path: string;
  authorization: string;
}

function forward(incoming: IncomingMessage, outgoing: ServerResponse, target: Target): Promise<void> {
  return new Promise((resolve) => {
    outgoing.once("close", resolve);
    const upstream = request({
      agent: target.agent,
      host: "127.0.0.1",
      port: target.port,
      path: target.path,
      method: incoming.method,
      headers: {
        ...endToEnd(incoming.headers),
        authorization: target.authorization,
        host: `127.0.0.1:${target.port}`,
      },
    });
    upstream.once("response", (response) => {
      const headers = { ...endToEnd(response.headers), "access-control-allow-origin": "*" };
      // Set, not only written: what observes the answer reads them.
      for (const [name, value] of Object.entries(headers)) if (value) outgoing.setHeader(name, value);
      outgoing.writeHead(response.statusCode ?? 502, response.statusMessage);
      response.once("error", () => outgoing.destroy());
      response.pipe(outgoing);
    });
    upstream.once("error", () => {
      if (outgoing.headersSent) return outgoing.destroy();
      outgoing.writeHead(503, { "content-type": "application/json", "access-control-allow-origin": "*" });
      return outgoing.end(
        JSON.stringify({ message: "PostgREST does not answer", hint: "Restart the stack." }),
      );
    });
    // A client that hangs up early takes its request to PostgREST with it.
    outgoing.once("close", () => upstream.destroy());
    incoming.pipe(upstream);
  });
}

function endToEnd(headers: IncomingHttpHeaders): IncomingHttpHeaders {
  const named = new Set((headers.connection ?? "").toLowerCase().split(/\s*,\s*/));
  return Object.fromEntries(
    Object.entries(headers).filter(
      ([name]) =>
        !hopByHop.has(name) &&
        !named.has(name) &&
        name !== "apikey" &&
        !name.startsWith("access-control-allow-"),
    ),
  );
}

/** The path below the prefix; a key in the query is the gateway's business, and PostgREST would take it for a filter. */
function targetOf(url: string, prefix: string): string {
  const [path = "", ...rest] = url.slice(prefix.length).split("?");
  const query = rest
    .join("?")
    .split("&")
    .filter((part) => !part.startsWith("apikey="))
    .join("&");
  return `${path.startsWith("/") ? path : `/${path}`}${query ? `?${query}` : ""}`;
}
