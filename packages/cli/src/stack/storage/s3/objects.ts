import { RESPONSE_ALREADY_SENT } from "@hono/node-server/utils/response";
import { sendObject } from "../download.js";
import { failures } from "../failure.js";
import { decodeCursor, encodeCursor, listPage } from "../listing.js";
import { findObject } from "../objects.js";
import { copyObject, removeObjects } from "../transfers.js";
import { checkUpload, type StorageServices, sizeLimitOf, upload } from "../uploads.js";
import {
  contentLength,
  describedObject,
  documentOf,
  payloadOf,
  type S3Handler,
  type S3Request,
  scopeOf,
} from "./request.js";
import { readXml, writeXml } from "./xml.js";

export const xmlHeaders = { "content-type": "application/xml" };

export function putObject(services: StorageServices): S3Handler {
  return async (request) => {
    const target = describedObject(request);
    const limit = await sizeLimitOf(services, target);
    const length = contentLength(request);
    if (length !== undefined && length > limit) throw failures.tooLarge();
    await checkUpload(services, scopeOf(request, "upload"), target, length);
    const object = await upload(services, target, payloadOf(request), limit);
    return request.c.body(null, 200, { etag: object.metadata?.eTag ?? "" });
  };
}

/** HEAD too: the answer is the same without its body. */
export function getObject(services: StorageServices): S3Handler {
  return async (request) => {
    const { c, bucket, key } = request;
    const operation = c.req.method === "HEAD" ? "object.info" : "object.get";
    const object = await services.database.asCaller(scopeOf(request, operation), (caller) =>
      findObject(caller, bucket, key),
    );
    const headers = Object.entries(object.user_metadata ?? {})
      .filter(([name, value]) => /^[\w-]+$/.test(name) && /^[\x20-\x7e]*$/.test(String(value)))
      .map(([name, value]) => [`x-amz-meta-${name}`, String(value)]);
    await sendObject(c.env.incoming, c.env.outgoing, services.files, object, {
      headers: { ...Object.fromEntries(headers), "content-type": object.metadata?.mimetype },
    });
    return RESPONSE_ALREADY_SENT;
  };
}

export function deleteObject(services: StorageServices): S3Handler {
  return async (request) => {
    await removeObjects(services, scopeOf(request, "object.delete"), request.bucket, [request.key]);
    return request.c.body(null, 204);
  };
}

export function deleteObjects(services: StorageServices): S3Handler {
  return async (request) => {
    const wanted = readXml(await documentOf(request), "Delete").Object as { Key?: string }[] | undefined;
    const keys = (wanted ?? []).map((object) => object.Key ?? "");
    if (keys.length === 0 || keys.length > 1000)
      throw failures.invalidRequest("Between 1 and 1000 objects can be deleted per request.");
    const scope = scopeOf(request, "object.delete_many");
    const removed = await removeObjects(services, scope, request.bucket, keys);
    const gone = new Set(removed.map((object) => object.name));
    const refused = keys.filter((key) => !gone.has(key));
    const body = writeXml("DeleteResult", {
      Deleted: [...gone].map((Key) => ({ Key })),
      Error: refused.map((Key) => ({
        Key,
        Code: "AccessDenied",
        Message: "You do not have permission to delete this object",
      })),
    });
    return request.c.body(body, 200, xmlHeaders);
  };
}

export function putCopy(services: StorageServices): S3Handler {
  return async (request) => {
    const { c, bucket, key } = request;
    const source = decodeURIComponent(c.req.header("x-amz-copy-source") ?? "").replace(/^\//, "");
    const [fromBucket = "", ...fromKey] = source.split("/");
    const replaces = c.req.header("x-amz-metadata-directive") === "REPLACE";
    const described = describedObject(request);
    const copy = await copyObject(
      services,
      scopeOf(request, "object.copy"),
      { bucket: fromBucket, name: fromKey.join("/") },
      { bucket, name: key },
      {
        upsert: true,
        keepUserMetadata: !replaces,
        userMetadata: described.userMetadata,
        metadata: replaces
          ? { mimetype: described.mimeType, cacheControl: described.cacheControl }
          : undefined,
      },
    );
    const body = writeXml("CopyObjectResult", {
      ETag: copy.metadata?.eTag,
      LastModified: copy.metadata?.lastModified,
    });
    return c.body(body, 200, xmlHeaders);
  };
}

/** Both versions of ListObjects; they differ in how a page is continued. */
export function listObjects(services: StorageServices): S3Handler {
  return async (request) => {
    const { c, bucket, query } = request;
    const second = query.get("list-type") === "2";
    const token = query.get("continuation-token");
    const limit = Math.min(Number(query.get("max-keys") ?? 1000) || 0, 1000);
    const options = {
      prefix: query.get("prefix") ?? "",
      delimiter: query.get("delimiter") ?? undefined,
      limit,
      after: token ? decodeCursor(token) : (query.get(second ? "start-after" : "marker") ?? ""),
      order: "asc" as const,
    };
    const page = await services.database.asCaller(scopeOf(request, "object.list"), (caller) =>
      listPage(caller, bucket, options),
    );
    const encode = encoder(request);
    const next = page.hasNext && page.last ? page.last : undefined;
    const body = writeXml("ListBucketResult", {
      Name: bucket,
      Prefix: encode(options.prefix),
      Delimiter: options.delimiter,
      MaxKeys: limit,
      EncodingType: query.get("encoding-type") ?? undefined,
      IsTruncated: page.hasNext,
      ...(second
        ? {
            KeyCount: page.objects.length + page.folders.length,
            ContinuationToken: token ?? undefined,
            NextContinuationToken: next && encodeCursor(next),
          }
        : { Marker: encode(options.after), NextMarker: next && encode(next) }),
      Contents: page.objects.map((object) => ({
        Key: encode(object.name),
        LastModified: object.updated_at.toISOString(),
        ETag: object.metadata?.eTag,
        Size: object.metadata?.size ?? 0,
        StorageClass: "STANDARD",
      })),
      CommonPrefixes: page.folders.map(({ name }) => ({ Prefix: encode(name) })),
    });
    return c.body(body, 200, xmlHeaders);
  };
}

function encoder({ query }: S3Request): (text: string) => string {
  return query.get("encoding-type") === "url" ? encodeURIComponent : (text) => text;
}
