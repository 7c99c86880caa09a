import type { Readable } from "node:stream";
import { Hono } from "hono";
import { failures } from "../failure.js";
import { openForm } from "../form.js";
import { parseObject, type StorageContext, type StorageEnv, scopeOf, userMetadataOf } from "../request.js";
import type { UrlSignatures } from "../signatures.js";
import { checkUpload, type StorageServices, sizeLimitOf, type UploadTarget, upload } from "../uploads.js";

/** A new object, a replaced one, and one by signed URL. */
export function uploadRoutes(services: StorageServices): Hono<StorageEnv> {
  const app = new Hono<StorageEnv>();
  const receive = async (c: StorageContext, operation: string, upsert: boolean) => {
    const place = { bucket: c.req.param("bucket") ?? "", name: c.req.param("name") ?? "" };
    const { target, content } = await openUpload(c, { ...place, owner: c.var.caller.owner, upsert });
    const limit = await sizeLimitOf(services, target);
    const length = declaredLength(c);
    if (length !== undefined && !isForm(c) && length > limit) throw failures.tooLarge();
    await checkUpload(services, scopeOf(c, operation), target, length);
    const object = await upload(services, target, content, limit);
    return c.json({ Id: object.id, Key: `${place.bucket}/${place.name}` });
  };
  app.post("/object/:bucket/:name{.+}", (c) =>
    receive(c, "storage.object.upload", c.req.header("x-upsert") === "true"),
  );
  app.put("/object/:bucket/:name{.+}", (c) => receive(c, "storage.object.upload_update", true));
  return app;
}

/** No caller here: the token says what may be uploaded, and as whose. */
export function signedUploadRoutes(services: StorageServices, signatures: UrlSignatures): Hono<StorageEnv> {
  return new Hono<StorageEnv>().put("/object/upload/sign/:bucket/:name{.+}", async (c) => {
    const { bucket, name } = c.req.param();
    const permit = await signatures.checkUpload(c.req.query("token"), `${bucket}/${name}`);
    const { target, content } = await openUpload(c, { bucket, name, ...permit });
    await upload(services, target, content, await sizeLimitOf(services, target));
    return c.json({ Key: `${bucket}/${name}` });
  });
}

type Place = Pick<UploadTarget, "bucket" | "name" | "owner" | "upsert">;

/** Finds out what is being sent, from headers or form, and leaves its content to be streamed. */
async function openUpload(
  c: StorageContext,
  place: Place,
): Promise<{ target: UploadTarget; content: Readable }> {
  const request = c.env.incoming;
  if (!isForm(c)) {
    const target = {
      ...place,
      mimeType: c.req.header("content-type") ?? "application/octet-stream",
      cacheControl: c.req.header("cache-control") ?? "no-cache",
      userMetadata: userMetadataOf(c.req.header("x-metadata")),
    };
    return { target, content: request };
  }
  const { content, fields, mimeType } = await openForm(request);
  const maxAge = fields.get("cacheControl");
  const target = {
    ...place,
    mimeType: fields.get("contentType") ?? mimeType,
    cacheControl: maxAge ? `max-age=${maxAge}` : "no-cache",
    userMetadata: parseObject(fields.get("metadata") ?? fields.get("userMetadata")),
  };
  return { target, content };
}

const isForm = (c: StorageContext) =>
  c.req.header("content-type")?.startsWith("multipart/form-data") ?? false;

function declaredLength(c: StorageContext): number | undefined {
  const length = Number(c.req.header("content-length") ?? Number.NaN);
  return Number.isFinite(length) ? length : undefined;
}
