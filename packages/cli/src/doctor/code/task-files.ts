import { readdir, readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { type Finding, found } from "../finding.js";
import { lintSource } from "./lint-source.js";
import { parseSource } from "./parse-source.js";

const skipped = /^(?:node_modules|\.|dist$|build$|out$|coverage$|public$)/;
const source = /\.[cm]?[jt]sx?$/;
const notWork = /\.(?:d\.[cm]?ts|(?:test|spec|stories)\.[cm]?[jt]sx?)$/;
const imports = /(?:from|import)\s*\(?\s*["'](\.{1,2}\/[^"']+)["']/g;

/** Looks through the files that define tasks, and those they import, for clients built the way the public guide builds them. */
export async function checkTaskFiles(folder: string): Promise<Finding[]> {
  const texts = await readSources(folder);
  const findings: Finding[] = [];
  for (const file of reachable(texts)) {
    const source = await parseSource(file, texts.get(file) ?? "");
    for (const { code, line } of source ? lintSource(source) : [])
      findings.push(found(code, `${file}:${line}`));
  }
  return findings;
}

/** The project's modules but for tests and declarations: path relative to the folder → text. */
export async function readSources(folder: string): Promise<Map<string, string>> {
  const texts = new Map<string, string>();
  for (const file of await listSources(folder)) texts.set(file, await readFile(join(folder, file), "utf8"));
  return texts;
}

async function listSources(folder: string, below = ""): Promise<string[]> {
  const found: string[] = [];
  for (const entry of await readdir(join(folder, below), { withFileTypes: true })) {
    const path = below ? `${below}/${entry.name}` : entry.name;
    if (skipped.test(entry.name)) continue;
    if (entry.isDirectory()) found.push(...(await listSources(folder, path)));
    else if (source.test(entry.name) && !notWork.test(entry.name)) found.push(path);
  }
  return found.sort();
}

/** The files that import Trigger.dev's SDK, and whatever they lead to. */
function reachable(texts: Map<string, string>): string[] {
  const tasks = [...texts].filter(([, text]) => /["']@trigger\.dev\/sdk/.test(text)).map(([file]) => file);
  return reachableFrom(texts, tasks);
}

/** The files, and whatever they import, in a stable order. */
export function reachableFrom(texts: ReadonlyMap<string, string>, files: readonly string[]): string[] {
  const queue = [...files];
  const seen = new Set(queue);
  for (let file = queue.shift(); file !== undefined; file = queue.shift()) {
    for (const [, specifier = ""] of (texts.get(file) ?? "").matchAll(imports)) {
      const target = findImported(texts, file, specifier);
      if (target && !seen.has(target)) {
        seen.add(target);
        queue.push(target);
      }
    }
  }
  return [...seen].sort();
}

function findImported(
  texts: ReadonlyMap<string, string>,
  file: string,
  specifier: string,
): string | undefined {
  const path = join(dirname(file), specifier).replaceAll("\\", "/");
  const bare = path.replace(/\.[cm]?jsx?$/, "");
  return [
    path,
    ...[path, bare].flatMap((name) =>
      [".ts", ".tsx", ".mts", ".js", ".mjs", "/index.ts", "/index.js"].map((end) => name + end),
    ),
  ].find((name) => texts.has(name));
}
