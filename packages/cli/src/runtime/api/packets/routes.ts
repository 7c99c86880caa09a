import { Hono } from "hono";
import { readRun } from "../../runs/read.js";
import type { ApiContext, ApiEnv } from "../context.js";
import { ApiFailure, found } from "../failure.js";
import { isPresigned, presign } from "./presign.js";

/** Links to payloads and outputs too large for a request; the SDK fetches and stores them by itself. */
export function packetRoutes(context: ApiContext): Hono<ApiEnv> {
  return new Hono<ApiEnv>()
    .put("/api/v1/packets/:name{.+}", (c) =>
      c.json({ presignedUrl: presign(context, "PUT", c.req.param("name")) }),
    )
    .put("/api/v2/packets/:name{.+}", (c) => {
      const name = c.req.param("name");
      return c.json({ presignedUrl: presign(context, "PUT", name), storagePath: name });
    })
    .get("/api/v1/packets/:name{.+}", (c) =>
      c.json({ presignedUrl: presign(context, "GET", c.req.param("name")) }),
    )
    .get("/api/v1/runs/:run/packets/:field{payload|output}", async (c) => {
      const row = found(await readRun(context.pool, c.req.param("run")), "Run");
      const field = c.req.param("field");
      const [data, type] =
        field === "payload" ? [row.payload, row.payload_type] : [row.output, row.output_type];
      if (data === null || type !== "application/store")
        throw new ApiFailure(404, `The run has no stored ${field}.`);
      return c.json({ presignedUrl: presign(context, "GET", data) });
    });
}

/** The packets themselves, for whoever holds a link. */
export function packetStoreRoutes({ pool, secretKey }: ApiContext): Hono<ApiEnv> {
  const checkLink = (method: string, url: string, name: string) => {
    if (!isPresigned(secretKey, method, name, new URL(url).searchParams)) {
      throw new ApiFailure(403, "This link is not valid, or not any more.");
    }
  };
  return new Hono<ApiEnv>()
    .put("/packets/:name", async (c) => {
      const name = c.req.param("name");
      checkLink("PUT", c.req.url, name);
      await pool.query(
        `insert into runtime.packets (name, content_type, data) values ($1, $2, $3)
         on conflict (name) do update set content_type = excluded.content_type, data = excluded.data`,
        [name, c.req.header("content-type") ?? "application/json", Buffer.from(await c.req.arrayBuffer())],
      );
      return c.body(null, 200);
    })
    .get("/packets/:name", async (c) => {
      const name = c.req.param("name");
      checkLink("GET", c.req.url, name);
      const { rows } = await pool.query<{ content_type: string; data: Buffer }>(
        "select content_type, data from runtime.packets where name = $1",
        [name],
      );
      const packet = found(rows[0], "Packet");
      return c.body(new Uint8Array(packet.data), 200, { "content-type": packet.content_type });
    });
}
