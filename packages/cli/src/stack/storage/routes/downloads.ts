import { RESPONSE_ALREADY_SENT } from "@hono/node-server/utils/response";
import { Hono } from "hono";
import { findBucket } from "../buckets.js";
import { sendObject } from "../download.js";
import { failures } from "../failure.js";
import { findObject, type StoredObject } from "../objects.js";
import { type StorageContext, type StorageEnv, scopeOf } from "../request.js";
import type { UrlSignatures } from "../signatures.js";
import type { StorageServices } from "../uploads.js";

const placeOf = (c: StorageContext) => ({
  bucket: c.req.param("bucket") ?? "",
  name: c.req.param("name") ?? "",
});

/** Content and facts of an object, to whom the policies show it, and to everybody in a public bucket. Answers HEAD too. */
export function downloadRoutes(services: StorageServices): Hono<StorageEnv> {
  const app = new Hono<StorageEnv>();
  const find = async (c: StorageContext, operation: string): Promise<StoredObject> => {
    const { bucket, name } = placeOf(c);
    const { public: open } = await services.database.asOwner((owner) => findBucket(owner, bucket));
    if (open) return services.database.asOwner((owner) => findObject(owner, bucket, name));
    if (!c.var.authenticated) throw failures.noSuchBucket();
    return services.database.asCaller(scopeOf(c, operation), (caller) => findObject(caller, bucket, name));
  };
  const info = async (c: StorageContext) => answerInfo(c, await find(c, "object.get_authenticated_info"));
  app.get("/object/info/authenticated/:bucket/:name{.+}", info);
  app.get("/object/info/:bucket/:name{.+}", info);
  const send = async (c: StorageContext) =>
    respond(c, services, await find(c, "storage.object.get_authenticated"));
  app.get("/object/authenticated/:bucket/:name{.+}", send);
  app.get("/object/:bucket/:name{.+}", send);
  return app;
}

/** What needs neither key nor token: objects of public buckets, and those that a signed URL opens. */
export function openDownloadRoutes(services: StorageServices, signatures: UrlSignatures): Hono<StorageEnv> {
  const { database } = services;
  const app = new Hono<StorageEnv>();
  const findPublic = (c: StorageContext) =>
    database.asOwner(async (owner) => {
      const { bucket, name } = placeOf(c);
      if (!(await findBucket(owner, bucket)).public) throw failures.noSuchBucket();
      return findObject(owner, bucket, name);
    });
  app.get("/object/public/:bucket/:name{.+}", async (c) => respond(c, services, await findPublic(c)));
  app.get("/object/info/public/:bucket/:name{.+}", async (c) => answerInfo(c, await findPublic(c)));
  app.get("/object/sign/:bucket/:name{.+}", async (c) => {
    const { bucket, name } = placeOf(c);
    const expires = await signatures.checkDownload(c.req.query("token"), `${bucket}/${name}`);
    const object = await database.asOwner((owner) => findObject(owner, bucket, name));
    return respond(c, services, object, expires);
  });
  return app;
}

async function respond(
  c: StorageContext,
  { files }: StorageServices,
  object: StoredObject,
  expires?: number,
): Promise<Response> {
  const download = c.req.query("download");
  await sendObject(c.env.incoming, c.env.outgoing, files, object, { download, expires });
  return RESPONSE_ALREADY_SENT;
}

function answerInfo(c: StorageContext, object: StoredObject): Response {
  const { eTag, lastModified, cacheControl } = object.metadata ?? {};
  if (eTag) c.header("etag", eTag);
  if (cacheControl) c.header("cache-control", cacheControl);
  if (lastModified) c.header("last-modified", new Date(lastModified).toUTCString());
  return c.json(describe(object));
}

function describe(object: StoredObject): Record<string, unknown> {
  const { metadata } = object;
  return {
    id: object.id,
    name: object.name,
    version: object.version,
    bucket_id: object.bucket_id,
    size: metadata?.size ?? null,
    content_type: metadata?.mimetype ?? null,
    cache_control: metadata?.cacheControl ?? null,
    etag: metadata?.eTag ?? null,
    metadata: object.user_metadata,
    last_modified: object.updated_at,
    created_at: object.created_at,
  };
}
