import type { Readable } from "node:stream";
import { findBucket } from "./buckets.js";
import type { RequestScope, StorageDatabase } from "./database.js";
import { failures } from "./failure.js";
import type { ObjectFiles, StoredFile } from "./files.js";
import { checkMimeType, checkObjectName } from "./names.js";
import {
  type FileMetadata,
  findObject,
  insertObject,
  lockName,
  type StoredObject,
  upsertObject,
} from "./objects.js";

/** What Storage's parts share. */
export interface StorageServices {
  database: StorageDatabase;
  files: ObjectFiles;
  /** Bytes; `[storage] file_size_limit`. A bucket's own limit can only be lower. */
  sizeLimit: number;
}

/** Where an upload goes and what is known of it before its content. */
export interface UploadTarget {
  bucket: string;
  name: string;
  owner: string | undefined;
  upsert: boolean;
  mimeType: string;
  cacheControl: string;
  userMetadata: Record<string, unknown> | undefined;
}

/** Bytes that an object of this bucket may have; 0 for the placeholder of an empty folder. */
export async function sizeLimitOf(
  { database, sizeLimit }: StorageServices,
  target: UploadTarget,
): Promise<number> {
  const bucket = await database.asOwner((owner) => findBucket(owner, target.bucket));
  if (target.name.endsWith(".emptyFolderPlaceholder")) return 0;
  checkMimeType(target.mimeType, bucket.allowed_mime_types);
  return Math.min(bucket.file_size_limit ?? sizeLimit, sizeLimit);
}

/** Asks the policies, under the caller's rights, before a byte is taken. */
export async function checkUpload(
  { database }: StorageServices,
  scope: RequestScope,
  target: UploadTarget,
  contentLength: number | undefined,
): Promise<void> {
  checkObjectName(target.name);
  const metadata = { mimetype: target.mimeType, ...(contentLength === undefined ? {} : { contentLength }) };
  const { bucket, name, owner, userMetadata, upsert } = target;
  const object = { bucket, name, owner, version: "1", metadata, userMetadata };
  await database.tryAsCaller(scope, (caller) =>
    upsert ? upsertObject(caller, object) : insertObject(caller, object),
  );
}

/** Takes the content in. The row comes last: until then nobody sees the object, or they see the one before. */
export async function upload(
  services: StorageServices,
  target: UploadTarget,
  content: Readable,
  limit: number,
): Promise<StoredObject> {
  const file = await services.files.write(content, limit);
  return completeUpload(services, target, file);
}

export async function completeUpload(
  { database, files }: StorageServices,
  target: UploadTarget,
  { version, size, eTag }: StoredFile,
): Promise<StoredObject> {
  const metadata: FileMetadata = {
    eTag,
    size,
    mimetype: target.mimeType,
    cacheControl: target.cacheControl,
    lastModified: new Date().toISOString(),
    contentLength: size,
    httpStatusCode: 200,
  };
  try {
    const { object, previous } = await database.asOwner(async (owner) => {
      await lockName(owner, target.bucket, target.name);
      const before = await findObject(owner, target.bucket, target.name, "for update").catch(() => undefined);
      // Two uploads at once, neither of which may replace: both passed the check, one is first.
      if (before && !target.upsert) throw failures.alreadyExists();
      return {
        object: await upsertObject(owner, { ...target, version, metadata }),
        previous: before?.version,
      };
    });
    await files.remove(previous ?? null);
    return object;
  } catch (error) {
    await files.remove(version);
    throw error;
  }
}
