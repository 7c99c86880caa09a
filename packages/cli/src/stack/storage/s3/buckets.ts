import { createBucket, deleteBucket, findBucket, listBuckets } from "../buckets.js";
import { checkBucketName } from "../names.js";
import type { StorageServices } from "../uploads.js";
import { xmlHeaders } from "./objects.js";
import { type S3Handler, scopeOf } from "./request.js";
import { writeXml } from "./xml.js";

export function listAllBuckets({ database }: StorageServices): S3Handler {
  return async (request) => {
    const options = { limit: undefined, offset: 0, search: "", sortColumn: "name", sortOrder: "asc" };
    const scope = scopeOf(request, "bucket.list");
    const buckets = await database.asCaller(scope, (caller) => listBuckets(caller, options));
    const body = writeXml("ListAllMyBucketsResult", {
      Buckets: {
        Bucket: buckets.map((bucket) => ({
          Name: bucket.name,
          CreationDate: new Date(bucket.created_at).toISOString(),
        })),
      },
      Owner: { ID: request.caller.owner ?? request.caller.role },
    });
    return request.c.body(body, 200, xmlHeaders);
  };
}

export function headBucket({ database }: StorageServices): S3Handler {
  return async (request) => {
    await database.asCaller(scopeOf(request, "bucket.head"), (caller) => findBucket(caller, request.bucket));
    return request.c.body(null, 200, { "x-amz-bucket-region": "local" });
  };
}

export function bucketLocation({ database }: StorageServices): S3Handler {
  return async (request) => {
    const scope = scopeOf(request, "bucket.get_location");
    await database.asCaller(scope, (caller) => findBucket(caller, request.bucket));
    return request.c.body(writeXml("LocationConstraint", {}), 200, xmlHeaders);
  };
}

/** Objects have no older versions, as on the real service. */
export function bucketVersioning({ database }: StorageServices): S3Handler {
  return async (request) => {
    const scope = scopeOf(request, "bucket.get_versioning");
    await database.asCaller(scope, (caller) => findBucket(caller, request.bucket));
    const body = writeXml("VersioningConfiguration", { Status: "Suspended", MfaDelete: "Disabled" });
    return request.c.body(body, 200, xmlHeaders);
  };
}

export function putBucket({ database }: StorageServices): S3Handler {
  return async (request) => {
    const { bucket, caller, c } = request;
    checkBucketName(bucket);
    const acl = c.req.header("x-amz-acl");
    const fields = { public: acl === "public-read", fileSizeLimit: undefined, allowedMimeTypes: undefined };
    await database.asCaller(scopeOf(request, "bucket.create"), (connection) =>
      createBucket(connection, { ...fields, id: bucket, name: bucket, owner: caller.owner }),
    );
    return c.body(null, 200, { location: `/${bucket}` });
  };
}

export function removeBucket({ database }: StorageServices): S3Handler {
  return async (request) => {
    await deleteBucket(database, scopeOf(request, "bucket.delete"), request.bucket);
    return request.c.body(null, 204);
  };
}
