import { execFile } from "node:child_process";
import { readFile, stat } from "node:fs/promises";
import { basename, join } from "node:path";
import { parseEnv, promisify } from "node:util";
import { classifyKey } from "behalf";
import { configuredSecrets, isSecretName, secretsIn } from "../code/bundles.js";
import type { Environment } from "../environment.js";
import { type Finding, found } from "../finding.js";

const run = promisify(execFile);
const notText =
  /\.(?:png|jpe?g|gif|webp|avif|ico|woff2?|ttf|pdf|zip|gz|mp[34]|mov|wasm|lockb?)$|(?:^|\/)package-lock\.json$/i;
const largest = 2 ** 20;

/**
 * Secrets in files that git keeps, or would with the next `git add`: by their form, by the values of `environment`, and in a file of
 * variables by the variable's name. Undefined where there is no git, or the folder is none of its.
 */
export async function checkCommitted(
  folder: string,
  environment: Environment,
): Promise<Finding[] | undefined> {
  const files = await listFiles(folder);
  if (files.length === 0) return undefined;
  const configured = configuredSecrets(environment);
  const findings: Finding[] = [];
  for (const file of files.filter((name) => !notText.test(name))) {
    const path = join(folder, file);
    const { size } = await stat(path).catch(() => ({ size: Number.POSITIVE_INFINITY }));
    if (size > largest) continue;
    const text = await readFile(path, "utf8");
    const named = /^\.env(?:\.|$)/.test(basename(file)) ? namedSecrets(text) : [];
    const secrets = [...named, ...secretsIn(text, configured)];
    const seen = new Set<number>();
    for (const { what, index } of secrets) {
      const line = text.slice(0, index).split("\n").length;
      if (seen.has(line)) continue;
      seen.add(line);
      findings.push(found("DEPLOY_SECRET_COMMITTED", `${file}:${line}`, { detail: `It is ${what}.` }));
    }
  }
  return findings;
}

async function listFiles(folder: string): Promise<string[]> {
  const args = ["ls-files", "-z", "--cached", "--others", "--exclude-standard"];
  const { stdout } = await run("git", args, { cwd: folder, maxBuffer: 2 ** 26 }).catch(() => ({
    stdout: "",
  }));
  return stdout.split("\0").filter(Boolean);
}

/** An HS256 secret has no form of its own; in a file of variables its name tells. */
function namedSecrets(text: string): { what: string; index: number }[] {
  return Object.entries(parseEnv(text)).flatMap(([name, value]) => {
    const index = text.search(new RegExp(`^\\s*(?:export\\s+)?${name}\\s*=`, "m"));
    const isSecret = value && isSecretName(name) && classifyKey(value).secret;
    return isSecret && index >= 0 ? [{ what: `the value of ${name}`, index }] : [];
  });
}
