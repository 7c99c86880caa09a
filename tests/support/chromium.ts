import { execFile } from "node:child_process";
import { createReadStream, createWriteStream, existsSync } from "node:fs";
import { mkdir, mkdtemp, rename, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { pipeline } from "node:stream/promises";
import { promisify } from "node:util";
import { createBrotliDecompress } from "node:zlib";
import { type Browser, chromium } from "playwright-core";
import { workspace } from "./workspace.ts";

const execute = promisify(execFile);

/** Where tests leave pictures of what they saw; ignored by git. */
export const screenshots = join(workspace, "artifacts/screenshots");

/**
 * A headless Chromium that npm has brought: nothing has to be installed, and every machine tests with the same one.
 * `BEHALF_CHROMIUM` names another, for systems other than Linux on x64.
 */
export async function launchChromium(): Promise<Browser> {
  await mkdir(screenshots, { recursive: true });
  const own = process.env.BEHALF_CHROMIUM;
  // Chromium's sandbox needs privileges that containers and root lack; it only ever sees servers of these tests.
  const args = ["--no-sandbox", "--disable-gpu"];
  if (own) return chromium.launch({ executablePath: own, args });
  const folder = await unpack();
  return chromium.launch({
    executablePath: join(folder, "chromium"),
    args: [...args, "--headless=shell"],
    env: {
      ...process.env,
      FONTCONFIG_PATH: join(folder, "fonts"),
      // For systems without NSS, which no browser of their own brought.
      LD_LIBRARY_PATH: join(folder, "al2023/lib"),
    },
  });
}

/** Unpacks the browser once; test files that start at the same time don't meet each other's half-written files. */
async function unpack(): Promise<string> {
  const folder = join(workspace, "node_modules/.cache/behalf-chromium");
  if (existsSync(folder)) return folder;
  const require = createRequire(import.meta.url);
  const packed = join(dirname(require.resolve("@sparticuz/chromium")), "../../bin");
  await mkdir(dirname(folder), { recursive: true });
  const temporary = await mkdtemp(`${folder}-`);
  const unpackTo = (name: string, target: string, mode = 0o644) =>
    pipeline(
      createReadStream(join(packed, name)),
      createBrotliDecompress(),
      createWriteStream(join(temporary, target), { mode }),
    );
  try {
    await unpackTo("chromium.br", "chromium", 0o755);
    for (const name of ["fonts", "al2023"]) {
      await unpackTo(`${name}.tar.br`, `${name}.tar`);
      await mkdir(join(temporary, name));
      await execute("tar", ["-xf", join(temporary, `${name}.tar`), "-C", join(temporary, name)]);
    }
    await rename(temporary, folder);
  } catch (error) {
    await rm(temporary, { recursive: true, force: true });
    // Another test file was first.
    if (!existsSync(folder)) throw error;
  }
  return folder;
}
