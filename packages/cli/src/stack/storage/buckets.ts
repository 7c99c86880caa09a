import type { Database, RequestScope, StorageDatabase } from "./database.js";
import { failures } from "./failure.js";

/** A row of `storage.buckets` as answers give it. */
export interface Bucket {
  id: string;
  name: string;
  owner: string | null;
  public: boolean;
  file_size_limit: number | null;
  allowed_mime_types: string[] | null;
  created_at: string;
  updated_at: string;
}

const columns = `id, name, coalesce(owner_id, owner::text, '') as owner, public, file_size_limit::float8 as file_size_limit,
  allowed_mime_types, created_at, updated_at, type`;

export async function findBucket(database: Database, id: string): Promise<Bucket> {
  const { rows } = await database.query<Bucket>(`select ${columns} from storage.buckets where id = $1`, [id]);
  if (!rows[0]) throw failures.noSuchBucket();
  return rows[0];
}

const sortable = new Set(["id", "name", "created_at", "updated_at"]);

export async function listBuckets(
  database: Database,
  options: {
    limit: number | undefined;
    offset: number;
    search: string;
    sortColumn: string;
    sortOrder: string;
  },
): Promise<Bucket[]> {
  const column = sortable.has(options.sortColumn) ? options.sortColumn : "name";
  const order = options.sortOrder === "desc" ? "desc" : "asc";
  const { rows } = await database.query<Bucket>(
    `select ${columns} from storage.buckets where $1 = '' or strpos(lower(name), lower($1)) > 0
     order by ${column} ${order} limit $2 offset $3`,
    [options.search, options.limit ?? null, options.offset],
  );
  return rows;
}

export interface BucketChanges {
  public: boolean | undefined;
  fileSizeLimit: number | null | undefined;
  allowedMimeTypes: string[] | null | undefined;
}

export async function createBucket(
  database: Database,
  bucket: BucketChanges & { id: string; name: string; owner: string | undefined },
): Promise<void> {
  await database.query(
    `insert into storage.buckets (id, name, owner, owner_id, public, file_size_limit, allowed_mime_types)
     values ($1, $2, case when pg_input_is_valid($3, 'uuid') then $3::uuid end, $3, $4, $5, $6)`,
    [
      bucket.id,
      bucket.name,
      bucket.owner ?? null,
      bucket.public ?? false,
      bucket.fileSizeLimit ?? null,
      bucket.allowedMimeTypes ?? null,
    ],
  );
}

export async function updateBucket(database: Database, id: string, changes: BucketChanges): Promise<void> {
  const { rowCount } = await database.query(
    `update storage.buckets set public = coalesce($2, public),
       file_size_limit = case when $3 then $4 else file_size_limit end,
       allowed_mime_types = case when $5 then $6 else allowed_mime_types end, updated_at = now()
     where id = $1`,
    [
      id,
      changes.public ?? null,
      changes.fileSizeLimit !== undefined,
      changes.fileSizeLimit ?? null,
      changes.allowedMimeTypes !== undefined,
      changes.allowedMimeTypes ?? null,
    ],
  );
  if (!rowCount) throw failures.noSuchBucket();
}

export async function deleteBucket(
  database: StorageDatabase,
  scope: RequestScope,
  id: string,
): Promise<void> {
  await database.asOwner(async (owner) => {
    await findBucket(owner, id);
    const { rowCount } = await owner.query("select from storage.objects where bucket_id = $1 limit 1", [id]);
    if (rowCount) throw failures.bucketNotEmpty();
  });
  await database.asCaller(scope, async (caller) => {
    const { rowCount } = await caller.query("delete from storage.buckets where id = $1", [id]);
    if (!rowCount) throw failures.noSuchBucket();
  });
}

/** The bucket's objects go, with whoever may see the bucket asking for it. Returns the versions whose files may go too. */
export async function emptyBucket(
  database: StorageDatabase,
  scope: RequestScope,
  id: string,
): Promise<(string | null)[]> {
  await database.asCaller(scope, (caller) => findBucket(caller, id));
  return database.asCaller(scope, async (caller) => {
    const { rows } = await caller.query<{ version: string | null }>(
      "delete from storage.objects where bucket_id = $1 returning version",
      [id],
    );
    return rows.map((row) => row.version);
  });
}
