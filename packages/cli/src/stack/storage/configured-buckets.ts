import { Client } from "pg";
import type { BucketConfig } from "../config/types.js";

/**
 * Makes the buckets that config.toml names. In a new database it also changes those that a migration has made, as the Supabase CLI
 * does when it starts for the first time; later what there is stays as it is.
 */
export async function saveConfiguredBuckets(
  databaseUrl: string,
  buckets: BucketConfig[],
  isNew: boolean,
): Promise<void> {
  if (buckets.length === 0) return;
  const client = new Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    const conflict = isNew
      ? `do update set public = excluded.public, file_size_limit = excluded.file_size_limit,
           allowed_mime_types = excluded.allowed_mime_types, updated_at = now()`
      : "do nothing";
    for (const { name, public: open, fileSizeLimit, allowedMimeTypes } of buckets) {
      await client.query(
        `insert into storage.buckets (id, name, public, file_size_limit, allowed_mime_types)
         values ($1, $1, $2, $3, $4) on conflict (id) ${conflict}`,
        [name, open, fileSizeLimit, allowedMimeTypes],
      );
    }
  } finally {
    await client.end();
  }
}
