import { createServer, type RequestListener, type Server, STATUS_CODES } from "node:http";
import { getRequestListener } from "@hono/node-server";
import type { Hono } from "hono";
import { StackError } from "../errors.js";
import type { GatewayEnv } from "./types.js";

/** The gateway's port, taken before anything is started, so that a busy port costs nothing. */
export interface GatewayListener {
  port: number;
  /** From here on `app` answers; until then everybody is told to come back. */
  serve(app: Hono<GatewayEnv>): void;
  close(): Promise<void>;
}

const json = { "content-type": "application/json" };

export async function openGateway(port: number): Promise<GatewayListener> {
  let answer: RequestListener = (_request, response) => {
    response.writeHead(503, { ...json, "retry-after": "1" });
    response.end(JSON.stringify({ message: "The stack is starting." }));
  };
  // Long uploads and idle keep-alive connections are the client's choice to end, not ours.
  const server = createServer({ requestTimeout: 0, keepAliveTimeout: 75_000 }, (request, response) =>
    answer(request, response),
  );
  server.on("upgrade", (_request, socket) => {
    const body = JSON.stringify({ message: "Realtime is not part of the embedded stack." });
    socket.on("error", () => {});
    socket.end(
      `HTTP/1.1 501 ${STATUS_CODES[501]}\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\nconnection: close\r\n\r\n${body}`,
    );
  });
  await listen(server, port);
  const address = server.address();
  return {
    port: typeof address === "object" && address ? address.port : port,
    serve(app) {
      answer = answerBy(app);
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/**
 * A part that answers on the Node.js response itself, such as a proxy, is through when its handler returns. The adapter's own mark
 * for that gets lost where another server of this process has replaced the global `Response`, so the response is asked instead.
 */
function answerBy(app: Hono<GatewayEnv>): RequestListener {
  const answered = new Error("answered already");
  return getRequestListener(
    async (request, env) => {
      const { outgoing } = env as GatewayEnv["Bindings"];
      const response = await app.fetch(request, env);
      if (outgoing.headersSent || outgoing.destroyed) throw answered;
      return response;
    },
    {
      overrideGlobalObjects: false,
      errorHandler: (error) => (error === answered ? undefined : new Response(null, { status: 500 })),
    },
  );
}

function listen(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) => {
      if (error.code !== "EADDRINUSE" && error.code !== "EACCES") return reject(error);
      const what = error.code === "EACCES" ? "may not be used by this user" : "is taken by another program";
      reject(
        new StackError(
          "ERR_STACK_PORT_BUSY",
          `Port ${port} of 127.0.0.1 ${what}. Choose another with --port, or 0 for a free one.`,
          {
            cause: error,
          },
        ),
      );
    });
    // A thousand runs may come at once; what Node.js lets wait for being accepted by default, 511, the kernel would put off for seconds.
    server.listen({ port, host: "127.0.0.1", backlog: 4096 }, resolve);
  });
}
