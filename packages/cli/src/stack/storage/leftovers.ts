import type { StorageServices } from "./uploads.js";

/** Takes away the files that a crash left without a row: uploads that never ended, and contents that gave way to others. */
export async function removeLeftovers({ database, files }: StorageServices): Promise<number> {
  return files.removeUnknown(Date.now(), (versions) =>
    database.asOwner(async (owner) => {
      const { rows } = await owner.query<{ version: string }>(
        `select version from storage.objects where version = any($1)
         union all select version from storage.s3_multipart_uploads_parts where version = any($1)`,
        [versions],
      );
      return new Set(rows.map((row) => row.version));
    }),
  );
}
