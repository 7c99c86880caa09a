import { createHash, randomUUID } from "node:crypto";
import { createReadStream, createWriteStream, type Dirent, type ReadStream } from "node:fs";
import { copyFile, link, mkdir, readdir, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { type Readable, Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import { failures } from "./failure.js";

/** A file that was written whole, and of which no row speaks yet. */
export interface StoredFile {
  version: string;
  size: number;
  /** MD5 in hexadecimal, in quotes, as S3 gives it. */
  eTag: string;
}

const versionForm = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/**
 * The contents of objects, each in a file of its own that is named by its version and never changes: no name that a caller
 * chose reaches the file system. A file exists before the row that points at it and outlives it, so that a crash in between leaves
 * a file too many, which {@link removeUnknown} takes away, and never one too few.
 */
export class ObjectFiles {
  readonly #objects: string;
  readonly #unfinished: string;

  constructor(folder: string) {
    this.#objects = join(folder, "objects");
    this.#unfinished = join(folder, "unfinished");
  }

  /** @throws {StorageFailure} as soon as `content` turns out to be longer than `limit` bytes. */
  async write(content: Readable, limit: number): Promise<StoredFile> {
    const version = randomUUID();
    const aside = join(this.#unfinished, version);
    await mkdir(this.#unfinished, { recursive: true, mode: 0o700 });
    const md5 = createHash("md5");
    let size = 0;
    const meter = new Transform({
      transform(chunk: Buffer, _encoding, done) {
        size += chunk.length;
        if (size > limit) return done(failures.tooLarge());
        md5.update(chunk);
        done(null, chunk);
      },
    });
    try {
      await pipeline(content, meter, createWriteStream(aside, { mode: 0o600 }));
      await this.adopt(aside, version);
    } catch (error) {
      await rm(aside, { force: true });
      throw error;
    }
    return { version, size, eTag: `"${md5.digest("hex")}"` };
  }

  /** Takes over a finished file from elsewhere on the same disk. */
  async adopt(file: string, version: string): Promise<void> {
    const place = await this.#prepare(version);
    await rename(file, place);
  }

  /** Contents never change, so that a copy can be a second name for the same ones. */
  async copy(from: string): Promise<string> {
    const version = randomUUID();
    const place = await this.#prepare(version);
    await link(this.path(from), place).catch(() => copyFile(this.path(from), place));
    return version;
  }

  /** Bytes `start` to `end`, both included. */
  read(version: string, range: { start: number; end: number } | undefined): ReadStream {
    return createReadStream(this.path(version), range);
  }

  async remove(version: string | null): Promise<void> {
    if (version && versionForm.test(version)) await rm(this.path(version), { force: true });
  }

  path(version: string): string {
    if (!versionForm.test(version)) throw failures.noSuchKey();
    return join(this.#objects, version.slice(0, 2), version);
  }

  /** Removes what a crash left: files written before `moment` that `known` doesn't name. */
  async removeUnknown(moment: number, known: (versions: string[]) => Promise<Set<string>>): Promise<number> {
    let removed = 0;
    for (const folder of [
      this.#unfinished,
      ...(await list(this.#objects)).map((entry) => join(this.#objects, entry.name)),
    ]) {
      const versions = (await list(folder)).map((entry) => entry.name);
      const kept = folder === this.#unfinished ? new Set<string>() : await known(versions);
      for (const version of versions) {
        const file = join(folder, version);
        // One that vanishes meanwhile was finished or removed by its own request.
        const facts = await stat(file).catch(() => undefined);
        if (!facts || kept.has(version) || facts.ctimeMs >= moment) continue;
        await rm(file, { force: true });
        removed += 1;
      }
    }
    return removed;
  }

  async #prepare(version: string): Promise<string> {
    const place = this.path(version);
    await mkdir(join(this.#objects, version.slice(0, 2)), { recursive: true, mode: 0o700 });
    return place;
  }
}

async function list(folder: string): Promise<Dirent[]> {
  try {
    return await readdir(folder, { withFileTypes: true });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
}
