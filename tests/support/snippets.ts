import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { workspace } from "./workspace.ts";

/** A fenced block of a page. */
export interface Snippet {
  file: string;
  /** Of its opening fence, from 1. */
  line: number;
  language: string;
  code: string;
}

/** The pages people read: READMEs of the project, its packages and its examples, and docs. Paths relative to the workspace. */
export const pages = [
  "README.md",
  ...["behalf", "cli"].map((name) => join("packages", name, "README.md")),
  ...readdirSync(join(workspace, "docs"), { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".md"))
    .map((file) => join("docs", file)),
  ...readdirSync(join(workspace, "examples")).map((example) => join("examples", example, "README.md")),
].filter((file) => existsSync(join(workspace, file)));

const snippets = pages.flatMap((file): Snippet[] => {
  const text = readFileSync(join(workspace, file), "utf8");
  return [...text.matchAll(/^```(\w*)[^\n]*\n([\s\S]*?)^```$/gm)].map((match) => ({
    file,
    line: text.slice(0, match.index).split("\n").length,
    language: match[1] ?? "",
    code: match[2] ?? "",
  }));
});

/** All snippets, or those of some languages. */
export function findSnippets(...languages: string[]): Snippet[] {
  return languages.length === 0 ? snippets : snippets.filter(({ language }) => languages.includes(language));
}
