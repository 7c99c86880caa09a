import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from "node:http";
import { pipeline } from "node:stream/promises";
import type { ObjectFiles } from "./files.js";
import type { StoredObject } from "./objects.js";

export interface DownloadOptions {
  /** The query's `download`: "" offers to save under the object's own name, anything else under that. */
  download?: string | undefined;
  /** When a signed URL ends, in seconds since 1970. */
  expires?: number | undefined;
  /** Added to the usual ones, or instead of them. */
  headers?: OutgoingHttpHeaders;
}

/** Answers with an object's content, or a part of it, straight from its file. */
export async function sendObject(
  request: IncomingMessage,
  response: ServerResponse,
  files: ObjectFiles,
  object: StoredObject,
  options: DownloadOptions = {},
): Promise<void> {
  const headers = { ...headersOf(object, options), ...options.headers };
  if (isUnchanged(request, object)) {
    response.writeHead(304, headers).end();
    return;
  }
  const size = object.metadata?.size ?? 0;
  const range = parseRange(request.headers.range, size);
  if (range === "unsatisfiable") {
    response.writeHead(416, { ...headers, "content-range": `bytes */${size}`, "content-length": 0 }).end();
    return;
  }
  const length = range ? range.end - range.start + 1 : size;
  response.writeHead(range ? 206 : 200, {
    ...headers,
    "content-length": length,
    ...(range ? { "content-range": `bytes ${range.start}-${range.end}/${size}` } : {}),
  });
  if (request.method === "HEAD" || length === 0 || object.version === null) {
    response.end();
    return;
  }
  // Who hangs up half-way ends the reading too; there is nobody left to tell.
  await pipeline(files.read(object.version, range), response).catch(() => response.destroy());
}

function headersOf({ metadata }: StoredObject, { download, expires }: DownloadOptions): OutgoingHttpHeaders {
  const modified = new Date(metadata?.lastModified ?? 0);
  return {
    "access-control-allow-origin": "*",
    "accept-ranges": "bytes",
    "content-type": contentType(metadata?.mimetype),
    etag: metadata?.eTag ?? "",
    "x-robots-tag": "none",
    "last-modified": modified.toUTCString(),
    ...(expires
      ? { expires: new Date(expires * 1000).toUTCString() }
      : { "cache-control": metadata?.cacheControl ?? "no-cache" }),
    ...(download === undefined ? {} : { "content-disposition": disposition(download) }),
  };
}

function disposition(download: string): string {
  if (download === "") return "attachment;";
  const name = encodeURIComponent(download);
  return `attachment; filename=${name}; filename*=UTF-8''${name}`;
}

/** Text without a charset is read as UTF-8; HTML is shown as plain text, as on the real service, whose domain is everybody's. */
function contentType(mimeType: string | undefined): string {
  if (!mimeType) return "application/octet-stream";
  if (mimeType.includes("text/html")) return "text/plain";
  return mimeType;
}

export function isUnchanged(request: IncomingMessage, { metadata }: StoredObject): boolean {
  const tags = request.headers["if-none-match"];
  if (tags)
    return tags.split(/\s*,\s*/).some((tag) => tag === "*" || tag.replace(/^W\//, "") === metadata?.eTag);
  const since = Date.parse(request.headers["if-modified-since"] ?? "");
  return (
    Number.isFinite(since) && Math.floor(Date.parse(metadata?.lastModified ?? "") / 1000) * 1000 <= since
  );
}

/** Whether the request asks for a part that the object doesn't have. */
export function isOutOfRange(request: IncomingMessage, { metadata }: StoredObject): boolean {
  return parseRange(request.headers.range, metadata?.size ?? 0) === "unsatisfiable";
}

/** One range, as S3 takes it: several, or what isn't one, means the whole. */
function parseRange(
  header: string | undefined,
  size: number,
): { start: number; end: number } | undefined | "unsatisfiable" {
  const [, first, last] = /^bytes=(\d*)-(\d*)$/.exec(header ?? "") ?? [];
  if (first === undefined || last === undefined || (first === "" && last === "")) return undefined;
  const start = first === "" ? Math.max(0, size - Number(last)) : Number(first);
  const end = first === "" || last === "" ? size - 1 : Math.min(Number(last), size - 1);
  if (first !== "" && last !== "" && Number(last) < Number(first)) return undefined;
  return start >= size || end < start ? "unsatisfiable" : { start, end };
}
