import type { Database } from "./database.js";
import { failures } from "./failure.js";
import type { FileMetadata } from "./objects.js";
import { parseObject } from "./request.js";

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
  sortColumn: (typeof sortColumns)[number] | "last_accessed_at";
  sortOrder: (typeof orders)[number];
}

/** What is directly below a folder, as file browsers show it: names relative to the folder, compared without regard to case. */
export async function listFolder(
  database: Database,
  bucket: string,
  options: ListOptions,
): Promise<ListedEntry[]> {
  const folder = options.prefix && !options.prefix.endsWith("/") ? `${options.prefix}/` : options.prefix;
  const { sortColumn: column, sortOrder: order } = options;
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

export const sortColumns = ["name", "created_at", "updated_at"] as const;
export const orders = ["asc", "desc"] as const;

/** Where a page begins: behind the entry that its fields name. */
export interface Cursor {
  column: (typeof sortColumns)[number];
  order: (typeof orders)[number];
  name: string;
  /** What the entry has in `column`, to the millisecond; not where that is its name. */
  time?: string | undefined;
}

export interface PageOptions {
  prefix: string;
  delimiter: string | undefined;
  limit: number;
  /** With an empty name from the start. */
  after: Cursor;
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
  /** The last entry of this page, from which the next goes on. */
  last: Cursor | undefined;
}

/**
 * Objects by full name in byte order, or by a time, with what lies below the next delimiter folded into one folder: S3's way to list.
 * A folder is as old as the first of what it holds, in both times.
 */
export async function listPage(database: Database, bucket: string, options: PageOptions): Promise<Page> {
  const { prefix, delimiter, limit, after } = options;
  const [order, compare] = after.order === "desc" ? ["desc", "<"] : ["asc", ">"];
  const byTime = after.column !== "name";
  // Of one moment is everything that is sorted by name.
  const time = (column: string) =>
    byTime ? `date_trunc('milliseconds', ${column})` : "'epoch'::timestamptz";
  const { rows } = await database.query<ListedObject & { folder: boolean; time: Date }>(
    `with entries as (
       select case when $3 <> '' and strpos(substring(name from length($2) + 1), $3) > 0
           then $2 || left(substring(name from length($2) + 1), strpos(substring(name from length($2) + 1), $3) + length($3) - 1)
         end as folder, name, id, updated_at, created_at, last_accessed_at, metadata
       from storage.objects where bucket_id = $1 and starts_with(name, $2)
     )
     select * from (
       select name collate "C" as name, false as folder, id, updated_at, created_at, last_accessed_at, metadata,
         ${time(byTime ? after.column : "")} as time
       from entries where folder is null
       union all
       select folder collate "C", true, null::uuid, null::timestamptz, null::timestamptz, null::timestamptz, null::jsonb,
         ${time("min(created_at)")}
       from entries where folder is not null group by folder
     ) listed where $4 = '' or (time, name) ${compare} ($6::timestamptz, $4) order by time ${order}, name ${order} limit $5`,
    [bucket, prefix, delimiter ?? "", after.name, limit + 1, after.time ?? "epoch"],
  );
  const page = rows.slice(0, limit);
  const last = page.at(-1);
  return {
    folders: page.filter((row) => row.folder).map(({ name }) => ({ name })),
    objects: page.filter((row) => !row.folder).map(({ folder: _, time: __, ...object }) => object),
    hasNext: rows.length > limit,
    last: last && { ...after, name: last.name, time: byTime ? last.time.toISOString() : undefined },
  };
}

/** Opaque to the caller, who gives it back for the next page. */
export const encodeCursor = (cursor: Cursor) => Buffer.from(JSON.stringify(cursor)).toString("base64");

/** @throws {StorageFailure} where it isn't one. */
export function decodeCursor(text: string): Cursor {
  const { column, order, name, time } = (parseObject(Buffer.from(text, "base64").toString()) ??
    {}) as Partial<Cursor>;
  const isTimed = column === "name" || !Number.isNaN(Date.parse(`${time}`));
  if (
    !column ||
    !sortColumns.includes(column) ||
    !isTimed ||
    (order !== "asc" && order !== "desc") ||
    typeof name !== "string"
  )
    throw failures.invalidRequest("Invalid Parameter continuation token");
  return { column, order, name, time: column === "name" ? undefined : new Date(`${time}`).toISOString() };
}
