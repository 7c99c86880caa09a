import { Hono } from "hono";
import {
  type BucketChanges,
  createBucket,
  deleteBucket,
  emptyBucket,
  findBucket,
  listBuckets,
  updateBucket,
} from "../buckets.js";
import { failures } from "../failure.js";
import { checkBucketName, parseSize } from "../names.js";
import { Body, type StorageEnv, scopeOf } from "../request.js";
import type { StorageServices } from "../uploads.js";

/** `/bucket`: what `supabase.storage.createBucket` and its siblings call. Policies on `storage.buckets` decide. */
export function bucketRoutes(services: StorageServices): Hono<StorageEnv> {
  const { database, files, sizeLimit } = services;
  const app = new Hono<StorageEnv>();
  app.get("/bucket", async (c) => {
    const limit = Number(c.req.query("limit") || Number.NaN);
    const options = {
      limit: Number.isSafeInteger(limit) ? limit : undefined,
      offset: Number(c.req.query("offset")) || 0,
      search: c.req.query("search") ?? "",
      sortColumn: c.req.query("sortColumn") ?? "name",
      sortOrder: c.req.query("sortOrder") ?? "asc",
    };
    const scope = scopeOf(c, "storage.bucket.list");
    return c.json(await database.asCaller(scope, (caller) => listBuckets(caller, options)));
  });
  app.post("/bucket", async (c) => {
    const body = await Body.of(c);
    const name = body.required("name");
    checkBucketName(name);
    const changes = changesOf(body, sizeLimit);
    const bucket = { ...changes, id: body.text("id") ?? name, name, owner: c.var.caller.owner };
    await database.asCaller(scopeOf(c, "storage.bucket.create"), (caller) => createBucket(caller, bucket));
    return c.json({ name });
  });
  app.get("/bucket/:id", async (c) => {
    const scope = scopeOf(c, "storage.bucket.get");
    return c.json(await database.asCaller(scope, (caller) => findBucket(caller, c.req.param("id"))));
  });
  app.put("/bucket/:id", async (c) => {
    const changes = changesOf(await Body.of(c), sizeLimit);
    const scope = scopeOf(c, "storage.bucket.update");
    await database.asCaller(scope, (caller) => updateBucket(caller, c.req.param("id"), changes));
    return c.json({ message: "Successfully updated" });
  });
  app.delete("/bucket/:id", async (c) => {
    await deleteBucket(database, scopeOf(c, "storage.bucket.delete"), c.req.param("id"));
    return c.json({ message: "Successfully deleted" });
  });
  app.post("/bucket/:id/empty", async (c) => {
    const versions = await emptyBucket(database, scopeOf(c, "storage.bucket.empty"), c.req.param("id"));
    for (const version of versions) await files.remove(version);
    return c.json({ message: "Empty bucket has been queued. Completion may take up to an hour." });
  });
  return app;
}

function changesOf(body: Body, sizeLimit: number): BucketChanges {
  const size = body.size("file_size_limit");
  const fileSizeLimit = size === undefined ? null : parseSize(size);
  if (fileSizeLimit !== null && fileSizeLimit > sizeLimit) throw failures.tooLarge();
  const types = body.texts("allowed_mime_types")?.filter(Boolean) ?? null;
  for (const type of types ?? []) {
    if (!/^[\w.+-]+\/([\w.+-]+(;\s*charset=[\w-]+)?|\*)$/.test(type)) throw failures.invalidMimeType(type);
  }
  return {
    public: body.flag("public"),
    fileSizeLimit: body.has("file_size_limit") ? fileSizeLimit : undefined,
    allowedMimeTypes: body.has("allowed_mime_types") ? types : undefined,
  };
}
