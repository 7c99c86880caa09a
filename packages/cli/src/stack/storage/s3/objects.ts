import { RESPONSE_ALREADY_SENT } from "@hono/node-server/utils/response";
import { findBucket } from "../buckets.js";
import { isOutOfRange, isUnchanged, sendObject } from "../download.js";
import { failures, StorageFailure } from "../failure.js";
import { decodeCursor, encodeCursor, listPage, type PageOptions } from "../listing.js";
import { findNames, findObject, type StoredObject } from "../objects.js";
import { copyObject, removeObject, removeObjects } from "../transfers.js";
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
    const { incoming } = c.env;
    if (isOutOfRange(incoming, object) && !isUnchanged(incoming, object))
      throw new StorageFailure(416, "InvalidRange", "The requested range is not satisfiable");
    const headers = Object.entries(object.user_metadata ?? {})
      .filter(([name, value]) => /^[\w-]+$/.test(name) && /^[\x20-\x7e]*$/.test(String(value)))
      .map(([name, value]) => [`x-amz-meta-${name}`, String(value)]);
    await sendObject(incoming, c.env.outgoing, services.files, object, {
      headers: {
        ...Object.fromEntries(headers),
        "content-type": object.metadata?.mimetype,
        ...headersAskedFor(request),
      },
    });
    return RESPONSE_ALREADY_SENT;
  };
}

/** No object has tags, as on the real service. */
export function objectTagging({ database }: StorageServices): S3Handler {
  return async (request) => {
    const { bucket, key } = request;
    const scope = scopeOf(request, "object.get_tagging");
    await database.asCaller(scope, (caller) => findObject(caller, bucket, key));
    return request.c.body(writeXml("Tagging", { TagSet: {} }), 200, xmlHeaders);
  };
}

const overridable = ["type", "language", "disposition", "encoding"].map((name) => `content-${name}`);

/** `response-content-type` and its siblings of the query: a signed URL says by them how its object is to be shown. */
function headersAskedFor({ query }: S3Request): Record<string, string> {
  const asked = [...overridable, "cache-control", "expires"].flatMap((name) => {
    const value = query.get(`response-${name}`);
    return value && /^[\x20-\x7e]+$/.test(value) ? [[name, value] as const] : [];
  });
  return Object.fromEntries(asked);
}

/** An object that isn't there is as good as deleted; one that the caller may not delete is an error. */
export function deleteObject(services: StorageServices): S3Handler {
  return async (request) => {
    const { bucket, key } = request;
    await services.database.asOwner((owner) => findBucket(owner, bucket));
    await removeObject(services, scopeOf(request, "object.delete"), bucket, key).catch((error: unknown) => {
      if (!(error instanceof StorageFailure) || error.code !== "NoSuchKey") throw error;
    });
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
    const unresolved = keys.filter((key) => !gone.has(key));
    const left = await services.database.asOwner(async (owner) => {
      await findBucket(owner, request.bucket);
      return findNames(owner, request.bucket, unresolved);
    });
    const body = writeXml("DeleteResult", {
      Deleted: keys.filter((key) => !left.has(key)).map((Key) => ({ Key })),
      Error: [...left].map((Key) => ({ Key, Code: "AccessDenied", Message: "Access Denied" })),
    });
    return request.c.body(body, 200, xmlHeaders);
  };
}

export function putCopy(services: StorageServices): S3Handler {
  return async (request) => {
    const { c, bucket, key } = request;
    const source = copySourceOf(request);
    const replaces = c.req.header("x-amz-metadata-directive") === "REPLACE";
    const described = describedObject(request);
    const copy = await copyObject(
      services,
      scopeOf(request, "object.copy"),
      source,
      { bucket, name: key },
      {
        upsert: true,
        keepUserMetadata: !replaces,
        userMetadata: described.userMetadata,
        accepts: (original) => meetsConditions(request, original),
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

/** What `x-amz-copy-source` names. */
export function copySourceOf({ c }: S3Request): { bucket: string; name: string } {
  const header = c.req.header("x-amz-copy-source") ?? "";
  const [bucket = "", ...name] = decodeURIComponent(header).replace(/^\//, "").split("/");
  return { bucket, name: name.join("/") };
}

/** `x-amz-copy-source-if-…`: what the original has to be, or not to be. */
function meetsConditions({ c }: S3Request, { metadata }: StoredObject): boolean {
  const condition = (name: string) => c.req.header(`x-amz-copy-source-if-${name}`);
  const plain = (tag: string) => tag.replaceAll('"', "");
  const [match, noneMatch] = [condition("match"), condition("none-match")];
  const tag = plain(metadata?.eTag ?? "");
  if (match && plain(match) !== tag) return false;
  if (noneMatch && plain(noneMatch) === tag) return false;
  const modified = Math.floor(Date.parse(metadata?.lastModified ?? "") / 1000) * 1000;
  const since = Date.parse(condition("modified-since") ?? "");
  const until = Date.parse(condition("unmodified-since") ?? "");
  return !(modified <= since) && !(modified > until);
}

/** Both versions of ListObjects; they differ in how a page is continued. */
export function listObjects(services: StorageServices): S3Handler {
  return async (request) => {
    const { c, bucket, query } = request;
    const second = query.get("list-type") === "2";
    const token = query.get("continuation-token");
    const limit = Math.min(Number(query.get("max-keys")) || 1000, 1000);
    const startAfter = query.get(second ? "start-after" : "marker") ?? "";
    const options: PageOptions = {
      prefix: query.get("prefix") ?? "",
      delimiter: query.get("delimiter") ?? undefined,
      limit,
      after: token ? decodeCursor(token) : { column: "name", order: "asc", name: startAfter },
    };
    await services.database.asOwner((owner) => findBucket(owner, bucket));
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
        : { Marker: encode(startAfter), NextMarker: next && encode(next.name) }),
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
