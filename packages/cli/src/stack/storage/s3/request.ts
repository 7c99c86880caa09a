import type { IncomingMessage } from "node:http";
import { buffer } from "node:stream/consumers";
import type { Caller } from "../caller.js";
import type { RequestScope } from "../database.js";
import { failures } from "../failure.js";
import type { StorageContext } from "../request.js";
import { openPayload } from "./payload.js";
import type { ClaimedSignature } from "./signature.js";

/** One verified request of an S3 client. */
export interface S3Request {
  c: StorageContext;
  caller: Caller;
  bucket: string;
  key: string;
  query: URLSearchParams;
  signature: ClaimedSignature;
  /** What signed it, and signs the chunks of its body. */
  secret: string;
}

export type S3Handler = (request: S3Request) => Promise<Response>;

/** Bucket and key of `/storage/v1/s3/<bucket>/<key>`, from the path as it was signed: nothing in it is tidied up. */
export function readTarget(request: IncomingMessage): {
  bucket: string;
  key: string;
  query: URLSearchParams;
} {
  const [path = "", query = ""] = (request.url ?? "").split("?");
  const [bucket = "", ...rest] = path.replace(/^\/storage\/v1\/s3\/?/, "").split("/");
  try {
    return {
      bucket: decodeURIComponent(bucket),
      key: decodeURIComponent(rest.join("/")),
      query: new URLSearchParams(query),
    };
  } catch {
    throw failures.invalidKey(path);
  }
}

export function scopeOf({ c, caller }: S3Request, operation: string): RequestScope {
  return {
    caller,
    operation: `storage.s3.${operation}`,
    method: c.req.method,
    path: c.req.path,
    headers: c.req.header(),
  };
}

export const payloadOf = ({ c, signature, secret }: S3Request) =>
  openPayload(c.env.incoming, signature, secret);

const documentLimit = 2 ** 21;

/** A body that is a document. */
export async function documentOf(request: S3Request): Promise<string> {
  if (Number(request.c.req.header("content-length") ?? 0) > documentLimit) throw failures.tooLarge();
  return (await buffer(payloadOf(request))).toString();
}

/** `x-amz-meta-…`, and what else a client says of a new object. */
export function describedObject({ c, bucket, key, caller }: S3Request) {
  const prefix = "x-amz-meta-";
  const metadata = Object.entries(c.req.header()).filter(([name]) => name.startsWith(prefix));
  return {
    bucket,
    name: key,
    owner: caller.owner,
    // S3 knows no insert that mustn't replace.
    upsert: true,
    mimeType: c.req.header("content-type") || "application/octet-stream",
    cacheControl: c.req.header("cache-control") || "no-cache",
    userMetadata: metadata.length
      ? Object.fromEntries(metadata.map(([name, value]) => [name.slice(prefix.length), value]))
      : undefined,
  };
}

/** Bytes of the content itself, where the client says. */
export function contentLength({ c }: S3Request): number | undefined {
  const length = Number(
    c.req.header("x-amz-decoded-content-length") ?? c.req.header("content-length") ?? Number.NaN,
  );
  return Number.isFinite(length) ? length : undefined;
}
