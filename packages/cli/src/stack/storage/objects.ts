import type { Database } from "./database.js";
import { failures } from "./failure.js";

/** What `storage.objects.metadata` holds, in the words of supabase/storage. */
export interface FileMetadata {
  eTag?: string;
  size?: number;
  mimetype?: string;
  cacheControl?: string;
  lastModified?: string;
  contentLength?: number;
  httpStatusCode?: number;
}

/** A row of `storage.objects`. */
export interface StoredObject {
  id: string;
  name: string;
  bucket_id: string;
  version: string | null;
  owner_id: string | null;
  metadata: FileMetadata | null;
  user_metadata: Record<string, unknown> | null;
  created_at: Date;
  updated_at: Date;
  last_accessed_at: Date;
}

const columns =
  "id, name, bucket_id, version, owner_id, metadata, user_metadata, created_at, updated_at, last_accessed_at";

/** @throws {StorageFailure} 404 where there is none, or none that the caller's policies show. */
export async function findObject(
  database: Database,
  bucket: string,
  name: string,
  lock: "" | "for update" = "",
): Promise<StoredObject> {
  const { rows } = await database.query<StoredObject>(
    `select ${columns} from storage.objects where bucket_id = $1 and name = $2 ${lock}`,
    [bucket, name],
  );
  if (!rows[0]) throw failures.noSuchKey();
  return rows[0];
}

export async function findNames(database: Database, bucket: string, names: string[]): Promise<Set<string>> {
  const { rows } = await database.query<{ name: string }>(
    "select name from storage.objects where bucket_id = $1 and name = any($2)",
    [bucket, names],
  );
  return new Set(rows.map((row) => row.name));
}

export interface NewObject {
  bucket: string;
  name: string;
  owner: string | undefined;
  version: string;
  metadata: FileMetadata;
  userMetadata: Record<string, unknown> | undefined;
}

const insertion = `insert into storage.objects (bucket_id, name, owner, owner_id, version, metadata, user_metadata)
  values ($1, $2, case when pg_input_is_valid($3, 'uuid') then $3::uuid end, $3, $4, $5, $6)`;

const valuesOf = ({ bucket, name, owner, version, metadata, userMetadata }: NewObject) => [
  bucket,
  name,
  owner ?? null,
  version,
  metadata,
  userMetadata ?? null,
];

/** Returns nothing of the row: who may insert need not be allowed to see. */
export async function insertObject(database: Database, object: NewObject): Promise<void> {
  await database.query(insertion, valuesOf(object));
}

/** An object of that name gives way. Asks for the right to see, insert and update. */
export async function upsertObject(database: Database, object: NewObject): Promise<StoredObject> {
  const { rows } = await database.query<StoredObject>(
    `${insertion} on conflict (bucket_id, name) do update set owner = excluded.owner, owner_id = excluded.owner_id,
       version = excluded.version, metadata = excluded.metadata, user_metadata = excluded.user_metadata
     returning ${columns}`,
    valuesOf(object),
  );
  return rows[0] as StoredObject;
}

/** Makes those who write one name take turns until their transactions end. */
export async function lockName(database: Database, bucket: string, name: string): Promise<void> {
  await database.query("select pg_advisory_xact_lock(hashtextextended($1, 0))", [`${bucket}/${name}`]);
}

/** Returns those that were deleted: what the caller's policies don't let go stays and isn't named. */
export async function deleteObjects(
  database: Database,
  bucket: string,
  names: string[],
): Promise<StoredObject[]> {
  const { rows } = await database.query<StoredObject>(
    `delete from storage.objects where bucket_id = $1 and name = any($2) returning ${columns}`,
    [bucket, names],
  );
  return rows;
}

export async function renameObject(
  database: Database,
  from: { bucket: string; name: string },
  to: { bucket: string; name: string; owner: string | undefined },
): Promise<StoredObject> {
  const { rows } = await database.query<StoredObject>(
    `update storage.objects set bucket_id = $3, name = $4,
       owner = case when pg_input_is_valid($5, 'uuid') then $5::uuid end, owner_id = $5
     where bucket_id = $1 and name = $2 returning ${columns}`,
    [from.bucket, from.name, to.bucket, to.name, to.owner ?? null],
  );
  if (!rows[0]) throw failures.noSuchKey();
  return rows[0];
}
