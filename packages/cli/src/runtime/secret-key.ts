import { randomBytes } from "node:crypto";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";

/** The key kept in `directory`, made the first time; a restart keeps clients working. */
export async function keepSecretKey(directory: string): Promise<string> {
  const file = join(directory, "trigger-secret-key");
  await mkdir(directory, { recursive: true });
  try {
    const key = (await readFile(file, "utf8")).trim();
    if (key.startsWith("tr_dev_")) return key;
  } catch (error) {
    if ((error as { code?: string }).code !== "ENOENT") throw error;
  }
  const key = `tr_dev_${randomBytes(18).toString("base64url").replaceAll(/[-_]/g, "0")}`;
  await writeFile(file, `${key}\n`, { mode: 0o600 });
  return key;
}
