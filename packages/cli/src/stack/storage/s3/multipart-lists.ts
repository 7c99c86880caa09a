import { findBucket } from "../buckets.js";
import { failures } from "../failure.js";
import type { StorageServices } from "../uploads.js";
import { openMultipart } from "./multipart.js";
import { xmlHeaders } from "./objects.js";
import { type S3Handler, type S3Request, scopeOf } from "./request.js";
import { writeXml } from "./xml.js";

const mostPerPage = 1000;

/** The parts that have come, a page at a time. */
export function listParts(services: StorageServices): S3Handler {
  return async (request) => {
    const { row, target, parts } = await openMultipart(services, request, "upload.list_parts");
    const limit = pageSize(request, "max-parts");
    const after = Number(request.query.get("part-number-marker")) || 0;
    const waiting = parts.filter((part) => part.part_number > after);
    const page = waiting.slice(0, limit);
    const isTruncated = waiting.length > limit;
    const body = writeXml("ListPartsResult", {
      Bucket: target.bucket,
      Key: target.name,
      UploadId: row.id,
      PartNumberMarker: after,
      NextPartNumberMarker: isTruncated ? page.at(-1)?.part_number : undefined,
      MaxParts: limit,
      IsTruncated: isTruncated,
      Part: page.map((part) => ({
        PartNumber: part.part_number,
        LastModified: part.created_at.toISOString(),
        ETag: part.etag,
        Size: part.size,
      })),
    });
    return request.c.body(body, 200, xmlHeaders);
  };
}

interface Upload {
  id: string;
  key: string;
  created_at: Date;
  folder: boolean;
}

/** The uploads that have begun and not ended, by key and then by age; those below a delimiter folded into one folder. */
export function listMultiparts({ database }: StorageServices): S3Handler {
  return async (request) => {
    const { bucket, query } = request;
    const limit = pageSize(request, "max-uploads");
    const [prefix, delimiter] = [query.get("prefix") ?? "", query.get("delimiter") ?? ""];
    const [keyMarker, idMarker] = [query.get("key-marker") ?? "", query.get("upload-id-marker") ?? ""];
    await database.asOwner((owner) => findBucket(owner, bucket));
    const rows = await database.asCaller(scopeOf(request, "upload.list_multipart"), async (caller) => {
      const found = await caller.query<Upload>(
        `with below as (
           select id, key, created_at, case when $3 <> '' then strpos(substring(key from length($2) + 1), $3) else 0 end as cut
           from storage.s3_multipart_uploads where bucket_id = $1 and starts_with(key, $2)
         ), listed as (
           select id, key, created_at, false as folder from below where cut = 0
           union all
           select min(id), left(key, length($2) + cut + length($3) - 1), min(created_at), true from below where cut > 0 group by 2
         )
         select * from listed where $4 = '' or key > $4 or (key = $4 and not folder and $5 <> ''
           and (created_at, id) > (select created_at, id from storage.s3_multipart_uploads where id = $5))
         order by key, created_at, id limit $6`,
        [bucket, prefix, delimiter, keyMarker, idMarker, limit + 1],
      );
      return found.rows;
    });
    const page = rows.slice(0, limit);
    const next = rows.length > limit ? page.at(-1) : undefined;
    const encode = query.get("encoding-type") === "url" ? encodeURIComponent : (text: string) => text;
    const body = writeXml("ListMultipartUploadsResult", {
      Bucket: bucket,
      Prefix: encode(prefix),
      Delimiter: delimiter || undefined,
      KeyMarker: encode(keyMarker),
      UploadIdMarker: idMarker,
      NextKeyMarker: next && encode(next.key),
      NextUploadIdMarker: next && !next.folder ? next.id : undefined,
      MaxUploads: limit,
      EncodingType: query.get("encoding-type") ?? undefined,
      IsTruncated: next !== undefined,
      Upload: page
        .filter((upload) => !upload.folder)
        .map(({ id, key, created_at }) => ({
          Key: encode(key),
          UploadId: id,
          Initiated: created_at.toISOString(),
          StorageClass: "STANDARD",
        })),
      CommonPrefixes: page.filter((upload) => upload.folder).map(({ key }) => ({ Prefix: encode(key) })),
    });
    return request.c.body(body, 200, xmlHeaders);
  };
}

function pageSize({ query }: S3Request, name: string): number {
  const size = Number(query.get(name) ?? mostPerPage);
  if (!Number.isInteger(size) || size < 1)
    throw failures.invalidRequest(`${name} must be a whole number from 1`);
  return Math.min(size, mostPerPage);
}
