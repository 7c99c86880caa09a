import { spawn } from "node:child_process";
import {
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { StackError } from "../errors.js";
import { inheritedEnvironment } from "../processes/inherited-environment.js";
import { type Account, canReach } from "./account.js";
import type { PostgresBinaries } from "./binaries.js";

export const superuser = "supabase_admin";

/** A Postgres data directory and who may use it. */
export interface Cluster {
  /** Absolute path of the data directory. */
  data: string;
  account: Account | undefined;
  binaries: PostgresBinaries;
}

/**
 * How the server's programs name the data directory, with that directory as their working directory. Under root the account
 * that runs Postgres often can't enter the folders above (a project below /root): it reaches the directory through the
 * working directory that root left it in.
 */
export function dataArgument(cluster: Cluster): string {
  return cluster.account && process.platform === "linux" ? "/proc/self/cwd" : cluster.data;
}

/** Creates the cluster below `directory` (a real path) unless it exists. Made aside and renamed: a kill half-way leaves no half of one. */
export async function prepareCluster(
  directory: string,
  account: Account | undefined,
  binaries: PostgresBinaries,
  superuserPassword: string,
): Promise<Cluster & { created: boolean }> {
  const place = join(directory, "postgres");
  for (const name of readdirSync(directory)) {
    if (name.startsWith("postgres.init-")) rmSync(join(directory, name), { recursive: true, force: true });
  }
  if (existsSync(place) && !account && !canReach(undefined, place)) {
    throw new StackError(
      "ERR_STACK_STATE_DAMAGED",
      `${place} belongs to another user: behalf has run as root here. Run it as root again, or remove that folder as root to start over.`,
    );
  }
  const cluster = { data: join(place, "data"), account, binaries };
  if (existsSync(join(cluster.data, "PG_VERSION"))) {
    giveTo(place, account);
    return { ...cluster, created: false };
  }
  const aside = `${place}.init-${process.pid}`;
  const data = join(aside, "data");
  for (const folder of [aside, data]) {
    mkdirSync(folder, { mode: 0o700 });
    own(folder, account);
  }
  const passwordFile = join(aside, "password");
  writeFileSync(passwordFile, superuserPassword, { mode: 0o600 });
  own(passwordFile, account);
  await runInitdb({ ...cluster, data });
  rmSync(passwordFile);
  rmSync(place, { recursive: true, force: true });
  renameSync(aside, place);
  return { ...cluster, created: true };
}

/** A project that was used as an ordinary user and is used as root now has files of the wrong owner. */
function giveTo(place: string, account: Account | undefined): void {
  if (!account || statSync(join(place, "data")).uid === account.uid) return;
  own(place, account);
  for (const name of readdirSync(place, { recursive: true, encoding: "utf8" }))
    own(join(place, name), account);
}

export function own(path: string, account: Account | undefined): void {
  if (account) chownSync(path, account.uid, account.gid);
}

async function runInitdb(cluster: Cluster): Promise<void> {
  const args = [
    "-D",
    dataArgument(cluster),
    "--username",
    superuser,
    "--pwfile=../password",
    "--auth=scram-sha-256",
    "--encoding=UTF8",
    "--locale-provider=builtin",
    "--builtin-locale=C.UTF-8",
    "--no-sync",
    "--no-instructions",
  ];
  const child = spawn(cluster.binaries.initdb, args, {
    cwd: cluster.data,
    env: inheritedEnvironment(),
    ...cluster.account,
    windowsHide: true,
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (chunk: string) => {
      output = (output + chunk).slice(-2_000);
    });
  }
  const failure = await new Promise<string | undefined>((resolve) => {
    child.once("error", (error) => resolve(error.message));
    child.once("close", (code, signal) => resolve(code === 0 ? undefined : `${code ?? signal}`));
  });
  if (failure === undefined) return;
  throw new StackError(
    "ERR_STACK_START_FAILED",
    `Postgres could not create its data directory (initdb ended with ${failure}). Its last words:\n${output.trim()}`,
  );
}
