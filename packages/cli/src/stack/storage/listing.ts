import type { Database } from "./database.js";
import { failures } from "./failure.js";
import type { FileMetadata } from "./objects.js";

/** One entry of a folder: an object, or, without an id, a folder within it. */
export interface ListedEntry {
  name: string;
  id: string | null;
  updated_at: string | null;
  created_at: string | null;
  last_accessed_at: string | null;
  metadata: FileMetadata | null;
}

export interface ListOptions {
  prefix: string;
  limit: number;
  offset: number;
  search: string;
  sortColumn: string;
  sortOrder: string;
}

const sortable = new Set(["name", "updated_at", "created_at", "last_accessed_at"]);

/** What is directly below a folder, as file browsers show it: names relative to the folder, compared without regard to case. */
export async function listFolder(
  database: Database,
  bucket: string,
  options: ListOptions,
): Promise<ListedEntry[]> {
  const folder = options.prefix && !options.prefix.endsWith("/") ? `${options.prefix}/` : options.prefix;
  const column = sortable.has(options.sortColumn) ? options.sortColumn : "name";
  const order = options.sortOrder === "desc" ? "desc" : "asc";
  const sorting =
    column === "name" ? `lower(name) collate "C" ${order}` : `(id is null) desc, ${column} ${order}, name`;
  const { rows } = await database.query<ListedEntry>(
    `with below as (
       select substring(name from length($2) + 1) as rest, id, updated_at, created_at, last_accessed_at, metadata
       from storage.objects
       where bucket_id = $1 and starts_with(lower(name), lower($2 || $3))
     ), entries as (
       select rest as name, id, updated_at, created_at, last_accessed_at, metadata from below where strpos(rest, '/') = 0
       union all
       select distinct split_part(rest, '/', 1), null::uuid, null::timestamptz, null::timestamptz, null::timestamptz, null::jsonb
       from below where strpos(rest, '/') > 0
     )
     select * from entries order by ${sorting} limit $4 offset $5`,
    [bucket, folder, options.search, options.limit, options.offset],
  );
  return rows;
}

export interface PageOptions {
  prefix: string;
  delimiter: string | undefined;
  limit: number;
  /** Names after this one. */
  after: string;
  order: "asc" | "desc";
}

export interface ListedObject {
  id: string;
  name: string;
  updated_at: Date;
  created_at: Date;
  last_accessed_at: Date;
  metadata: FileMetadata | null;
}

export interface Page {
  folders: { name: string }[];
  objects: ListedObject[];
  hasNext: boolean;
  /** The last name of this page, from which the next goes on. */
  last: string | undefined;
}

/** Objects by full name in byte order, with what lies below the next delimiter folded into one folder: S3's way to list. */
export async function listPage(database: Database, bucket: string, options: PageOptions): Promise<Page> {
  const { prefix, delimiter, limit, after, order } = options;
  const compare = order === "desc" ? "<" : ">";
  const { rows } = await database.query<ListedObject & { folder: boolean }>(
    `with entries as (
       select case when $3 <> '' and strpos(substring(name from length($2) + 1), $3) > 0
           then $2 || left(substring(name from length($2) + 1), strpos(substring(name from length($2) + 1), $3) + length($3) - 1)
         end as folder, name, id, updated_at, created_at, last_accessed_at, metadata
       from storage.objects where bucket_id = $1 and starts_with(name, $2)
     )
     select * from (
       select name collate "C" as name, false as folder, id, updated_at, created_at, last_accessed_at, metadata
       from entries where folder is null
       union all
       select distinct folder collate "C", true, null::uuid, null::timestamptz, null::timestamptz, null::timestamptz, null::jsonb
       from entries where folder is not null
     ) listed where $4 = '' or name ${compare} $4 order by name ${order} limit $5`,
    [bucket, prefix, delimiter ?? "", after, limit + 1],
  );
  const page = rows.slice(0, limit);
  return {
    folders: page.filter((row) => row.folder).map(({ name }) => ({ name })),
    objects: page.filter((row) => !row.folder).map(({ folder: _, ...object }) => object),
    hasNext: rows.length > limit,
    last: page.at(-1)?.name,
  };
}

/** Opaque to the caller, who gives it back for the next page. */
export const encodeCursor = (name: string) => Buffer.from(`l:${name}`).toString("base64");

export function decodeCursor(cursor: string): string {
  const text = Buffer.from(cursor, "base64").toString();
  if (!text.startsWith("l:")) throw failures.invalidRequest("Invalid Parameter continuation token");
  return text.slice(2);
}
