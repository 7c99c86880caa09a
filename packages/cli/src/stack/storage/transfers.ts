import type { RequestScope } from "./database.js";
import { failures } from "./failure.js";
import { checkObjectName } from "./names.js";
import { deleteObjects, findObject, renameObject, type StoredObject } from "./objects.js";
import { checkUpload, completeUpload, type StorageServices } from "./uploads.js";

export interface Place {
  bucket: string;
  name: string;
}

/** The caller has to be allowed to see the object, and to update it into what it becomes. Its content stays where it is. */
export async function moveObject(
  { database }: StorageServices,
  scope: RequestScope,
  from: Place,
  to: Place,
): Promise<StoredObject> {
  checkObjectName(to.name);
  return database.asCaller(scope, async (caller) => {
    await findObject(caller, from.bucket, from.name);
    return renameObject(caller, from, { ...to, owner: scope.caller.owner });
  });
}

export interface CopyOptions {
  upsert: boolean;
  /** Instead of those of the original. */
  metadata?: { mimetype?: string; cacheControl?: string } | undefined;
  userMetadata?: Record<string, unknown> | undefined;
  keepUserMetadata: boolean;
  /** Whether the original is as the caller wants it to be. */
  accepts?: (original: StoredObject) => boolean;
}

/** The caller has to be allowed to see the original, and to upload the copy. */
export async function copyObject(
  services: StorageServices,
  scope: RequestScope,
  from: Place,
  to: Place,
  options: CopyOptions,
): Promise<StoredObject> {
  const original = await services.database.asCaller(scope, (caller) =>
    findObject(caller, from.bucket, from.name),
  );
  if (options.accepts && !options.accepts(original)) throw failures.preconditionFailed();
  const { metadata, version } = original;
  const target = {
    ...to,
    owner: scope.caller.owner,
    upsert: options.upsert,
    mimeType: options.metadata?.mimetype ?? metadata?.mimetype ?? "application/octet-stream",
    cacheControl: options.metadata?.cacheControl ?? metadata?.cacheControl ?? "no-cache",
    userMetadata: options.keepUserMetadata ? (original.user_metadata ?? undefined) : options.userMetadata,
  };
  await checkUpload(services, scope, target, metadata?.size);
  if (version === null) throw failures.noSuchKey();
  const copy = await services.files.copy(version);
  return completeUpload(services, target, {
    version: copy,
    size: metadata?.size ?? 0,
    eTag: metadata?.eTag ?? "",
  });
}

/** Deletes what the policies let the caller delete; the rest stays and isn't named in the answer. */
export async function removeObjects(
  { database, files }: StorageServices,
  scope: RequestScope,
  bucket: string,
  names: string[],
): Promise<StoredObject[]> {
  const removed = await database.asCaller(scope, (caller) => deleteObjects(caller, bucket, names));
  // After the commit: a crash here leaves files that nobody is served, and the next start takes them away.
  for (const { version } of removed) await files.remove(version);
  return removed;
}

export async function removeObject(
  services: StorageServices,
  scope: RequestScope,
  bucket: string,
  name: string,
): Promise<void> {
  await services.database.asOwner((owner) => findObject(owner, bucket, name));
  const removed = await removeObjects(services, scope, bucket, [name]);
  if (removed.length === 0) throw failures.accessDenied();
}
