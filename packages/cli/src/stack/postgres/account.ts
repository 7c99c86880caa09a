import { accessSync, constants, readFileSync, statSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { StackError } from "../errors.js";

/** A user of this machine. */
export interface Account {
  uid: number;
  gid: number;
}

/**
 * Who runs Postgres when we are root, which Postgres refuses to run as; undefined when we are an ordinary user: then we do.
 *
 * @throws {StackError} `ERR_STACK_NO_ACCOUNT` as root on a machine with neither a `postgres` nor a `nobody` user.
 */
export function findServerAccount(passwd = "/etc/passwd"): Account | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const users = readFileSync(passwd, "utf8")
    .split("\n")
    .map((line) => line.split(":"));
  for (const name of ["postgres", "nobody"]) {
    const [, , uid, gid] = users.find((fields) => fields[0] === name) ?? [];
    if (Number(uid) > 0) return { uid: Number(uid), gid: Number(gid) };
  }
  throw new StackError(
    "ERR_STACK_NO_ACCOUNT",
    "Postgres refuses to run as root, and this machine has no user `postgres` or `nobody` to run it as. " +
      "Run behalf as an ordinary user.",
  );
}

/** Whether `account` (undefined: we ourselves) may enter every folder above `file` and read it, by the permission bits. */
export function canReach(account: Account | undefined, file: string): boolean {
  if (!account) {
    try {
      accessSync(file, constants.R_OK);
      return true;
    } catch {
      return false;
    }
  }
  const allows = (path: string, bits: number) => {
    const { mode, uid, gid } = statSync(path);
    const shift = uid === account.uid ? 6 : gid === account.gid ? 3 : 0;
    return ((mode >> shift) & bits) === bits;
  };
  let folder = resolve(file);
  if (!allows(folder, 0o4)) return false;
  while (folder !== dirname(folder)) {
    folder = dirname(folder);
    if (!allows(folder, 0o1)) return false;
  }
  return true;
}
