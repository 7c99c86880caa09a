import { existsSync } from "node:fs";
import { readdir, readFile, stat } from "node:fs/promises";
import { join, relative, sep } from "node:path";
import { classifyKey } from "behalf";
import type { Environment } from "../environment.js";
import { type Finding, found } from "../finding.js";

// Where build tools put what is published. A server's own output (.next/server, .output/server) isn't.
const folders = [
  ".next/static",
  ".output/public",
  ".svelte-kit/output/client",
  ".vercel/output/static",
  "build",
  "dist",
  "out",
  "public",
  "storybook-static",
];
const files = /\.(?:[cm]?js|css|html?|json|map|txt|webmanifest)$/;
const largest = 32 * 2 ** 20;

const shapes: [what: string, shape: RegExp][] = [
  ["a secret key", /\bsb_secret_[\w-]{16,}/g],
  ["a personal access token", /\bsbp_[0-9a-f]{40}\b/g],
  ["a private key", /-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY-----(?:\\n|\s)*[A-Za-z0-9+/]{32}/g],
  ["a private JWK", /\\?"d\\?"\s*:\s*\\?"[\w-]{40,}\\?"/g],
];
const token = /\beyJ[\w-]+\.eyJ[\w-]+\.[\w-]{10,}/g;
const secretVariables = /(?:JWT_SECRET|SERVICE_ROLE|SECRET_KEY|SIGNING_KEY|GRANT_KEY|BROKER_SECRET)/;

/** Whether a variable of this name is for a secret. */
export const isSecretName = (name: string) => secretVariables.test(name);

/** The variables whose values are secrets, and long enough to be looked for. */
export function configuredSecrets(environment: Environment): [name: string, value: string][] {
  return Object.entries(environment).flatMap(([name, value]): [string, string][] =>
    value && value.length >= 16 && isSecretName(name) && classifyKey(value).secret ? [[name, value]] : [],
  );
}

/** Looks through built bundles and their source maps for secrets: by their form, and the configured ones by their value. */
export async function checkBundles(folder: string, environment: Environment): Promise<Finding[]> {
  const configured = configuredSecrets(environment);
  const findings: Finding[] = [];
  for (const name of folders) {
    const root = join(folder, name);
    if (!existsSync(root)) continue;
    for (const file of await listFiles(root)) {
      const text = await readFile(file, "utf8");
      for (const { what, index } of secretsIn(text, configured)) {
        const line = text.slice(0, index).split("\n").length;
        const where = `${relative(folder, file).split(sep).join("/")}:${line}`;
        if (findings.some((known) => known.where === where)) continue;
        findings.push(found("DOCTOR_CODE_SECRET_IN_BUNDLE", where, { detail: `It is ${what}.` }));
      }
    }
  }
  return findings;
}

async function listFiles(root: string): Promise<string[]> {
  const entries = await readdir(root, { recursive: true, withFileTypes: true });
  const paths = entries
    .filter((entry) => entry.isFile() && files.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => !path.includes(`${sep}node_modules${sep}`))
    .sort();
  const sizes = await Promise.all(paths.map(async (path) => (await stat(path)).size));
  return paths.filter((_, index) => (sizes[index] ?? 0) <= largest);
}

/** Secrets in a text: those that are configured, and whatever has a secret's form. */
export function secretsIn(text: string, configured: [name: string, value: string][]) {
  const found: { what: string; index: number }[] = [];
  for (const [name, value] of configured) {
    const index = text.indexOf(value);
    if (index >= 0) found.push({ what: `the value of ${name}`, index });
  }
  for (const [what, shape] of shapes)
    for (const { index } of text.matchAll(shape)) found.push({ what, index });
  for (const { index, 0: value } of text.matchAll(token))
    if (classifyKey(value).kind === "service-role-jwt") found.push({ what: "the service_role key", index });
  return found;
}
