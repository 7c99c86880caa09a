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

/** Secrets in the text of code that is deployed: Trigger.dev, Supabase or the app's host would get it with every bundle. */
export async function checkCode(
  folder: string,
  files: readonly string[],
  environment: Environment,
): Promise<Finding[]> {
  const configured = configuredSecrets(environment);
  const findings = await Promise.all(
    [...new Set(files)].map(async (file) => {
      const text = await readFile(join(folder, file), "utf8");
      return tell("DEPLOY_SECRET_IN_CODE", file, text, secretsIn(text, configured));
    }),
  );
  return findings.flat();
}

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
    // Git also lists what is gone from the disk, submodules, and links to folders.
    const status = await stat(path).catch(() => undefined);
    if (!status?.isFile() || status.size > largest) continue;
    const text = await readFile(path, "utf8");
    const named = /^\.env(?:\.|$)/.test(basename(file)) ? namedSecrets(text) : [];
    findings.push(...tell("DEPLOY_SECRET_COMMITTED", file, text, [...named, ...secretsIn(text, configured)]));
  }
  return findings;
}

/** One finding a line. */
function tell(
  code: "DEPLOY_SECRET_IN_CODE" | "DEPLOY_SECRET_COMMITTED",
  file: string,
  text: string,
  secrets: { what: string; index: number }[],
): Finding[] {
  const lines = new Map<number, string>();
  for (const { what, index } of secrets) {
    const line = text.slice(0, index).split("\n").length;
    if (!lines.has(line)) lines.set(line, what);
  }
  return [...lines].map(([line, what]) => found(code, `${file}:${line}`, { detail: `It is ${what}.` }));
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
