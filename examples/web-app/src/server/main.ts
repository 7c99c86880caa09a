import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import { createAdaptorServer } from "@hono/node-server";
import { readEnvironment } from "./environment.ts";
import { createSite } from "./site.ts";

const { env } = process;
const site = createSite(readEnvironment(env), fileURLToPath(new URL("./web", import.meta.url)));
const server = createAdaptorServer({ fetch: site.fetch });

server.on("listening", () => {
  const { address, port } = server.address() as AddressInfo;
  console.log(`\nThe app: http://${address.includes(":") ? `[${address}]` : address}:${port}\n`);
});
server.on("error", (error: NodeJS.ErrnoException) => {
  // A port that nobody asked for by name may be another one.
  if (error.code !== "EADDRINUSE" || env.PORT) throw error;
  server.listen(0, "127.0.0.1");
});
server.listen(Number(env.PORT || 3000), env.HOST || "127.0.0.1");

for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(0));
