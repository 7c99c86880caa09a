import { Hono } from "hono";
import { failures } from "../failure.js";
import { decodeCursor, encodeCursor, listFolder, listPage, orders, sortColumns } from "../listing.js";
import { checkObjectName } from "../names.js";
import { findNames, findObject } from "../objects.js";
import { Body, type StorageEnv, scopeOf, userMetadataOf } from "../request.js";
import type { UrlSignatures } from "../signatures.js";
import { copyObject, moveObject, removeObject, removeObjects } from "../transfers.js";
import { checkUpload, type StorageServices } from "../uploads.js";

/** Listing, moving, copying, removing, and signing URLs: all under the caller's rights. */
export function objectRoutes(services: StorageServices, signatures: UrlSignatures): Hono<StorageEnv> {
  const { database } = services;
  const app = new Hono<StorageEnv>();

  app.post("/object/list/:bucket", async (c) => {
    const body = await Body.of(c);
    const sort = body.body("sortBy");
    const options = {
      prefix: body.text("prefix") ?? "",
      limit: Math.min(body.whole("limit", 1) ?? 100, 1500),
      offset: body.whole("offset", 0) ?? 0,
      search: body.text("search") ?? "",
      sortColumn: sort?.oneOf("column", [...sortColumns, "last_accessed_at"]) ?? "name",
      sortOrder: sort?.oneOf("order", orders) ?? "asc",
    };
    const scope = scopeOf(c, "storage.object.list");
    return c.json(
      await database.asCaller(scope, (caller) => listFolder(caller, c.req.param("bucket"), options)),
    );
  });

  app.post("/object/list-v2/:bucket", async (c) => {
    const body = await Body.of(c);
    const cursor = body.text("cursor");
    const sort = body.body("sortBy");
    const column = sort?.oneOf("column", sortColumns) ?? "name";
    const order = sort?.oneOf("order", orders) ?? "asc";
    const options = {
      prefix: body.text("prefix") ?? "",
      delimiter: body.flag("with_delimiter") ? "/" : undefined,
      limit: Math.min(body.whole("limit", 1) ?? 1000, 1000),
      after: cursor ? decodeCursor(cursor) : { column, order, name: "" },
    };
    const scope = scopeOf(c, "storage.object.list_v2");
    const { last, ...page } = await database.asCaller(scope, (caller) =>
      listPage(caller, c.req.param("bucket"), options),
    );
    return c.json({ ...page, ...(page.hasNext && last ? { nextCursor: encodeCursor(last) } : {}) });
  });

  app.post("/object/move", async (c) => {
    const { from, to } = placesOf(await Body.of(c));
    const moved = await moveObject(services, scopeOf(c, "storage.object.move"), from, to);
    return c.json({ message: "Successfully moved", Id: moved.id, Key: moved.name });
  });

  app.post("/object/copy", async (c) => {
    const body = await Body.of(c);
    const { from, to } = placesOf(body);
    const keep = body.flag("copyMetadata") ?? true;
    const metadata = body.body("metadata");
    const [mimetype, cacheControl] = [metadata?.text("mimetype"), metadata?.text("cacheControl")];
    const copy = await copyObject(services, scopeOf(c, "storage.object.copy"), from, to, {
      upsert: c.req.header("x-upsert") === "true",
      keepUserMetadata: keep,
      userMetadata: userMetadataOf(c.req.header("x-metadata")),
      // Those of the original count unless its metadata is left behind.
      metadata: keep
        ? undefined
        : { ...(mimetype ? { mimetype } : {}), ...(cacheControl ? { cacheControl } : {}) },
    });
    return c.json({ Id: copy.id, Key: `${to.bucket}/${to.name}`, ...copy });
  });

  app.delete("/object/:bucket", async (c) => {
    const names = (await Body.of(c)).texts("prefixes");
    if (!names?.length) throw failures.invalidShape("body must have required property 'prefixes'");
    if (names.length > 1000)
      throw failures.invalidRequest("Bulk object requests are limited to 1000 objects per request.");
    const scope = scopeOf(c, "storage.object.delete_many");
    return c.json(await removeObjects(services, scope, c.req.param("bucket"), names));
  });

  app.delete("/object/:bucket/:name{.+}", async (c) => {
    const { bucket, name } = c.req.param();
    await removeObject(services, scopeOf(c, "storage.object.delete"), bucket, name);
    return c.json({ message: "Successfully deleted" });
  });

  app.post("/object/upload/sign/:bucket/:name{.+}", async (c) => {
    const { bucket, name } = c.req.param();
    const permit = { owner: c.var.caller.owner, upsert: c.req.header("x-upsert") === "true" };
    const target = {
      bucket,
      name,
      ...permit,
      mimeType: c.req.header("content-type") ?? "application/octet-stream",
      cacheControl: "no-cache",
      userMetadata: userMetadataOf(c.req.header("x-metadata")),
    };
    await checkUpload(services, scopeOf(c, "storage.object.sign_upload_url"), target, undefined);
    const token = await signatures.signUpload(`${bucket}/${name}`, permit);
    return c.json({ url: `/object/upload/sign/${bucket}/${name}?token=${token}`, token });
  });

  // Not escaped: supabase-js does that.
  const signDownload = async (bucket: string, name: string, seconds: number) =>
    `/object/sign/${bucket}/${name}?token=${await signatures.signDownload(`${bucket}/${name}`, seconds)}`;

  app.post("/object/sign/:bucket", async (c) => {
    const body = await Body.of(c);
    const bucket = c.req.param("bucket");
    const seconds = secondsOf(body);
    const paths = body.texts("paths") ?? [];
    const scope = scopeOf(c, "storage.object.sign_many");
    const visible = await database.asCaller(scope, (caller) => findNames(caller, bucket, paths));
    const signed = paths.map(async (path) =>
      visible.has(path)
        ? { error: null, path, signedURL: await signDownload(bucket, path, seconds) }
        : {
            error: "Either the object does not exist or you do not have access to it",
            path,
            signedURL: null,
          },
    );
    return c.json(await Promise.all(signed));
  });

  app.post("/object/sign/:bucket/:name{.+}", async (c) => {
    const { bucket, name } = c.req.param();
    checkObjectName(name);
    const body = await Body.of(c);
    if (body.has("transform")) throw failures.notImplemented("Image transformation");
    const seconds = secondsOf(body);
    const scope = scopeOf(c, "storage.object.sign");
    await database.asCaller(scope, (caller) => findObject(caller, bucket, name));
    return c.json({ signedURL: await signDownload(bucket, name, seconds) });
  });

  return app;
}

function placesOf(body: Body) {
  const bucket = body.required("bucketId");
  return {
    from: { bucket, name: body.required("sourceKey") },
    to: { bucket: body.text("destinationBucket") || bucket, name: body.required("destinationKey") },
  };
}

function secondsOf(body: Body): number {
  const seconds = body.whole("expiresIn", 1);
  if (seconds === undefined) throw failures.invalidShape("body must have required property 'expiresIn'");
  return seconds;
}
