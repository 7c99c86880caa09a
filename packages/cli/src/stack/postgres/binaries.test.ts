import { spawnSync } from "node:child_process";
import { chmodSync, cpSync, lstatSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { makeFolder, type TestFolder } from "../test-support.js";
import { type Account, canReach, findServerAccount } from "./account.js";
import { findPostgres, packageFolder } from "./binaries.js";

let folder: TestFolder;
let account: Account | undefined;
beforeAll(() => {
  folder = makeFolder();
  chmodSync(folder.path, 0o755);
  account = findServerAccount();
});
afterAll(() => {
  vi.unstubAllEnvs();
  folder.remove();
});

const links = (native: string) =>
  (JSON.parse(readFileSync(join(native, "pg-symlinks.json"), "utf8")) as { target: string }[]).map(
    ({ target }) => join(native, "..", target),
  );
/** The package as npm leaves it with `--ignore-scripts`, or pnpm: without the links that its install script makes. */
function installWithoutScripts(name: string): string {
  const native = join(folder.path, name, "native");
  cpSync(packageFolder(), native, { recursive: true, verbatimSymlinks: true });
  cpSync(join(packageFolder(), "../package.json"), join(native, "../package.json"));
  for (const link of links(native)) rmSync(link, { force: true });
  return native;
}
const run = (program: string) => spawnSync(program, ["--version"], { encoding: "utf8", ...account });

test("links to shared libraries are made where the package's install script didn't run", () => {
  const native = installWithoutScripts("plain");
  chmodSync(join(native, "bin/postgres"), 0o644);
  const { postgres } = findPostgres(account, native);
  expect(postgres).toBe(join(native, "bin/postgres"));
  expect(links(native).every((link) => lstatSync(link).isSymbolicLink())).toBe(true);
  expect(run(postgres).stdout).toMatch(/^postgres \(PostgreSQL\) 18/);
  expect(findPostgres(account, native).postgres).toBe(postgres);
});

test("an installation that the server's account can't reach, or that we can't write to, is copied to one that works", () => {
  const native = installWithoutScripts("shut");
  const cache = join(folder.path, "cache");
  mkdirSync(cache);
  vi.stubEnv("TMPDIR", cache);
  // As root another account runs Postgres; as an ordinary user the missing links can't be made in somebody else's folder.
  if (account) for (const part of ["shut", "shut/native/lib"]) chmodSync(join(folder.path, part), 0o700);
  else for (const part of ["lib", "bin", "."]) chmodSync(join(native, part), 0o555);
  const { postgres } = findPostgres(account, native);
  for (const part of [".", "lib", "bin"]) chmodSync(join(native, part), 0o755);
  expect(postgres.startsWith(cache)).toBe(true);
  expect(run(postgres).stdout).toMatch(/^postgres \(PostgreSQL\) 18/);

  // Whoever else may write there could have put anything.
  chmodSync(join(postgres, "../../.."), 0o777);
  if (account) expect(() => findPostgres(account, native)).toThrow(/are not trusted/);
});

test("reaching a file takes every folder above it", () => {
  const stranger = { uid: 4_000_000, gid: 4_000_000 };
  folder.write({ "open/shut/file": "" });
  chmodSync(join(folder.path, "open/shut"), 0o700);
  expect(canReach(stranger, join(folder.path, "open"))).toBe(true);
  expect(canReach(stranger, join(folder.path, "open/shut/file"))).toBe(false);
  expect(canReach(undefined, join(folder.path, "open/shut/file"))).toBe(true);
});

test("root without an account for Postgres is told so", () => {
  const passwd = join(folder.path, "passwd");
  writeFileSync(passwd, "root:x:0:0:root:/root:/bin/sh\nsomebody:x:1000:1000::/:/bin/sh\n");
  if (process.getuid?.() === 0)
    expect(() => findServerAccount(passwd)).toThrow(/no user `postgres` or `nobody`/);
  else expect(findServerAccount(passwd)).toBeUndefined();
});
