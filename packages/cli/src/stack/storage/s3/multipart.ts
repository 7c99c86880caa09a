import { createHash, randomUUID } from "node:crypto";
import { Readable } from "node:stream";
import type { RequestScope } from "../database.js";
import { failures, StorageFailure } from "../failure.js";
import type { StoredFile } from "../files.js";
import { findObject } from "../objects.js";
import {
  checkUpload,
  completeUpload,
  type StorageServices,
  sizeLimitOf,
  type UploadTarget,
} from "../uploads.js";
import { copySourceOf, xmlHeaders } from "./objects.js";
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

interface UploadRow {
  id: string;
  metadata: { mimetype: string; cacheControl: string };
  user_metadata: Record<string, unknown> | null;
}

export interface PartRow {
  part_number: number;
  size: number;
  etag: string;
  version: string;
  created_at: Date;
}

/** An upload that has begun: its row, what it is to become, and its parts in order. */
interface OpenMultipart {
  row: UploadRow;
  target: UploadTarget;
  parts: PartRow[];
}

interface NamedPart {
  PartNumber?: string;
  ETag?: string;
}

const noSuchUpload = () => new StorageFailure(404, "NoSuchUpload", "Upload not found");

export function createMultipart(services: StorageServices): S3Handler {
  return async (request) => {
    const target = describedObject(request);
    await sizeLimitOf(services, target);
    await checkUpload(services, scopeOf(request, "upload.create_multipart"), target, undefined);
    const id = randomUUID();
    const metadata = { mimetype: target.mimeType, cacheControl: target.cacheControl };
    await services.database.asOwner((owner) =>
      owner.query(
        `insert into storage.s3_multipart_uploads
           (id, upload_signature, bucket_id, key, version, owner_id, user_metadata, metadata)
         values ($1, '', $2, $3, $1, $4, $5, $6)`,
        [id, target.bucket, target.name, target.owner ?? null, target.userMetadata ?? null, metadata],
      ),
    );
    const body = { Bucket: target.bucket, Key: target.name, UploadId: id };
    return request.c.body(writeXml("InitiateMultipartUploadResult", body), 200, xmlHeaders);
  };
}

export function uploadPart(services: StorageServices): S3Handler {
  return async (request) => {
    const upload = await openMultipart(services, request, "upload.part");
    const limit = await sizeLimitOf(services, upload.target);
    if ((contentLength(request) ?? 0) > limit) throw failures.tooLarge();
    const part = await keepPart(services, request, upload, payloadOf(request), limit);
    return request.c.body(null, 200, { etag: part.eTag });
  };
}

/** A part that is copied, whole or in a range of bytes, from an object that the caller may see. */
export function uploadPartCopy(services: StorageServices): S3Handler {
  return async (request) => {
    const from = copySourceOf(request);
    const scope = scopeOf(request, "upload.part_copy");
    const source = await services.database.asCaller(scope, (caller) =>
      findObject(caller, from.bucket, from.name),
    );
    const upload = await openMultipart(services, request, "upload.part_copy");
    const range = copiedRange(request.c.req.header("x-amz-copy-source-range"), source.metadata?.size ?? 0);
    if (source.version === null) throw failures.noSuchKey();
    const content = services.files.read(source.version, range);
    const limit = await sizeLimitOf(services, upload.target);
    const part = await keepPart(services, request, upload, content, limit);
    const body = { ETag: part.eTag, LastModified: new Date().toISOString() };
    return request.c.body(writeXml("CopyPartResult", body), 200, xmlHeaders);
  };
}

/** Unlike a range of a download it has to lie within the object. */
function copiedRange(header: string | undefined, size: number): { start: number; end: number } | undefined {
  if (!header) return undefined;
  const [, first, last] = /^bytes=(\d+)-(\d+)$/.exec(header) ?? [];
  const range = { start: Number(first), end: Number(last) };
  if (!(range.start <= range.end && range.end < size))
    throw new StorageFailure(400, "InvalidRange", "invalid range provided");
  return range;
}

async function keepPart(
  { database, files }: StorageServices,
  { query }: S3Request,
  { row, target }: OpenMultipart,
  content: Readable,
  limit: number,
): Promise<StoredFile> {
  const number = Number(query.get("partNumber"));
  if (!Number.isInteger(number) || number < 1 || number > 10_000)
    throw failures.invalidRequest("Part number must be an integer between 1 and 10000, inclusive");
  const part = await files.write(content, limit);
  const previous = await database.asOwner(async (owner) => {
    const before = await owner.query<{ version: string }>(
      "delete from storage.s3_multipart_uploads_parts where upload_id = $1 and part_number = $2 returning version",
      [row.id, number],
    );
    await owner.query(
      `insert into storage.s3_multipart_uploads_parts (upload_id, size, part_number, bucket_id, key, etag, owner_id, version)
       values ($1, $2, $3, $4, $5, $6, $7, $8)`,
      [row.id, part.size, number, target.bucket, target.name, part.eTag, target.owner ?? null, part.version],
    );
    return before.rows[0]?.version ?? null;
  });
  await files.remove(previous);
  return part;
}

export function completeMultipart(services: StorageServices): S3Handler {
  const { database, files } = services;
  return async (request) => {
    const { row, target, parts } = await openMultipart(services, request, "upload.complete_multipart");
    const named = await namedParts(request);
    const chosen = (named ?? parts.map(asNamed)).map(({ PartNumber, ETag }) => {
      const part = parts.find((candidate) => candidate.part_number === Number(PartNumber));
      if (!part || part.etag.replaceAll('"', "") !== ETag?.replaceAll(/"|&quot;/g, ""))
        throw new StorageFailure(
          400,
          "InvalidPart",
          "One or more of the specified parts could not be found.",
        );
      return part;
    });
    if (chosen.some((part, index) => index > 0 && part.part_number <= (chosen[index - 1]?.part_number ?? 0)))
      throw new StorageFailure(400, "InvalidPartOrder", "The list of parts was not in ascending order.");
    if (chosen.length === 0)
      throw new StorageFailure(400, "MalformedXML", "You must specify at least one part");
    const content = Readable.from(joinParts(services, chosen));
    const whole = await files.write(content, await sizeLimitOf(services, target));
    const object = await completeUpload(services, target, { ...whole, eTag: tagOfParts(chosen) });
    await database.asOwner((owner) => dropMultipart(owner, row.id));
    for (const part of parts) await files.remove(part.version);
    const body = {
      Location: `/${target.bucket}/${target.name}`,
      Bucket: target.bucket,
      Key: target.name,
      ETag: object.metadata?.eTag,
    };
    return request.c.body(writeXml("CompleteMultipartUploadResult", body), 200, xmlHeaders);
  };
}

/** Which parts a client wants, in its order; undefined: all there are. */
async function namedParts(request: S3Request): Promise<NamedPart[] | undefined> {
  const text = await documentOf(request);
  return text === "" ? undefined : (readXml(text, "CompleteMultipartUpload").Part as NamedPart[] | undefined);
}

const asNamed = ({ part_number, etag }: PartRow): NamedPart => ({ PartNumber: `${part_number}`, ETag: etag });

export function abortMultipart(services: StorageServices): S3Handler {
  return async (request) => {
    const { row, parts } = await openMultipart(services, request, "upload.abort_multipart");
    await services.database.asOwner((owner) => dropMultipart(owner, row.id));
    for (const part of parts) await services.files.remove(part.version);
    return request.c.body(null, 204);
  };
}

/** The upload that the request names, if it is one to this key, and the policies let the caller write there. */
export async function openMultipart(
  services: StorageServices,
  request: S3Request,
  operation: string,
): Promise<OpenMultipart> {
  const { bucket, key, query } = request;
  const { row, parts } = await services.database.asOwner(async (owner) => {
    const uploads = await owner.query<UploadRow>(
      `select id, metadata, user_metadata from storage.s3_multipart_uploads
       where id = $1 and bucket_id = $2 and key = $3`,
      [query.get("uploadId") ?? "", bucket, key],
    );
    const found = uploads.rows[0];
    if (!found) throw noSuchUpload();
    const { rows } = await owner.query<PartRow>(
      `select part_number, size::float8 as size, etag, version, created_at
       from storage.s3_multipart_uploads_parts where upload_id = $1 order by part_number`,
      [found.id],
    );
    return { row: found, parts: rows };
  });
  const target = {
    ...describedObject(request),
    mimeType: row.metadata.mimetype,
    cacheControl: row.metadata.cacheControl,
    userMetadata: row.user_metadata ?? undefined,
  };
  const scope: RequestScope = scopeOf(request, operation);
  await checkUpload(services, scope, target, undefined);
  return { row, target, parts };
}

const dropMultipart = (owner: { query(text: string, values: unknown[]): Promise<unknown> }, id: string) =>
  owner.query("delete from storage.s3_multipart_uploads where id = $1", [id]);

async function* joinParts({ files }: StorageServices, parts: PartRow[]): AsyncGenerator<Buffer> {
  for (const part of parts) yield* files.read(part.version, undefined) as AsyncIterable<Buffer>;
}

/** As S3 makes it: the MD5 of the parts' MD5s, and how many they are. */
function tagOfParts(parts: PartRow[]): string {
  const digests = parts.map((part) => Buffer.from(part.etag.replaceAll('"', ""), "hex"));
  return `"${createHash("md5").update(Buffer.concat(digests)).digest("hex")}-${parts.length}"`;
}
