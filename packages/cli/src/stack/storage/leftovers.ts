import { readdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import type { StorageServices } from "./uploads.js";

/** Below the folder of Storage: resumable uploads that have begun. */
export const resumableFolder = "resumable";
const dayMilliseconds = 24 * 3600 * 1000;

/** Takes away the resumable uploads that nobody has gone on with for a day. */
export async function removeExpiredUploads(directory: string): Promise<void> {
  const folder = join(directory, resumableFolder);
  for (const name of await readdir(folder).catch(() => [])) {
    const file = join(folder, name);
    const facts = await stat(file).catch(() => undefined);
    if (facts && facts.mtimeMs < Date.now() - dayMilliseconds) await rm(file, { force: true });
  }
}

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
