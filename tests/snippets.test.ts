import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { parse as parseToml } from "smol-toml";
import { describe, expect, test } from "vitest";
import { behalfCommand } from "./support/behalf.ts";
import { findSnippets, pages, type Snippet } from "./support/snippets.ts";
import { workspace } from "./support/workspace.ts";

const place = ({ file, line }: Snippet) => `${file}:${line}`;

test("every snippet is of a kind that is checked", () => {
  // sql is run by tests/snippets-sql.test.ts; typescript is an example's own code, which tests/walkthroughs.test.ts looks up.
  const checked = ["ts", "typescript", "sh", "json", "toml", "sql", "text"];
  expect(
    findSnippets()
      .filter(({ language }) => !checked.includes(language))
      .map(place),
  ).toEqual([]);
});

test("TypeScript snippets type-check as modules of their own", async () => {
  const parent = join(workspace, "artifacts");
  await mkdir(parent, { recursive: true });
  const folder = await mkdtemp(join(parent, "snippets-"));
  try {
    for (const snippet of findSnippets("ts")) {
      const name = `${place(snippet).replaceAll(/[^\w]+/g, "-")}.ts`;
      await writeFile(join(folder, name), `${snippet.code}\nexport {};\n`);
    }
    await writeFile(join(folder, "package.json"), JSON.stringify({ type: "module" }));
    await writeFile(
      join(folder, "tsconfig.json"),
      JSON.stringify({
        extends: join(workspace, "tsconfig.base.json"),
        compilerOptions: { noEmit: true, composite: false, declaration: false },
        include: ["*.ts"],
      }),
    );
    const tsc = join(workspace, "node_modules/typescript/bin/tsc");
    const { stdout, status } = spawnSync(process.execPath, [tsc, "-p", folder], { encoding: "utf8" });
    expect(stdout).toBe("");
    expect(status).toBe(0);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

describe("commands in snippets exist, with the options they show", async () => {
  const lines = findSnippets("sh").flatMap((snippet) =>
    snippet.code
      .split("\n")
      .map((line) => ({
        file: snippet.file,
        place: place(snippet),
        line: line.replace(/\s+#.*$/, "").trim(),
      }))
      .filter(({ line }) => line !== "" && !line.startsWith("#")),
  );
  /** The scripts of the package that a page speaks of: an example's own, or the workspace's. */
  const scriptsOf = (page: string) => {
    const own = join(workspace, dirname(page), "package.json");
    const file = existsSync(own) ? own : join(workspace, "package.json");
    return Object.keys(
      (JSON.parse(readFileSync(file, "utf8")) as { scripts: Record<string, string> }).scripts,
    );
  };
  const helps = new Map<string, ReturnType<typeof behalfCommand>>();
  const helpOf = (command: string) => {
    const help = helps.get(command) ?? behalfCommand([...command.split(" "), "--help"]);
    helps.set(command, help);
    return help;
  };
  test.each(lines)("$place: $line", async ({ file, line }) => {
    const [, script] = /^npm (?:run )?([\w:]+)/.exec(line) ?? [];
    if (script) {
      if (script !== "install") expect(scriptsOf(file)).toContain(script);
      return;
    }
    const [, command = ""] = /^(?:npx )?behalf ([\w-]+(?: (?:new|run|verify|head))?)/.exec(line) ?? [];
    // Other programs' commands are theirs to keep.
    if (!command) return;
    const { code, stdout } = await helpOf(command);
    expect(code).toBe(0);
    for (const [option] of line.matchAll(/(?<=\s)--[a-z-]+/g)) expect(stdout).toContain(option);
  });
});

test.each(findSnippets("json"))("JSON at $file:$line parses", ({ code }) => {
  expect(() => JSON.parse(code)).not.toThrow();
});

test.each(findSnippets("toml"))("TOML at $file:$line parses", ({ code }) => {
  expect(() => parseToml(code)).not.toThrow();
});

test("links between pages lead somewhere", () => {
  const broken = pages.flatMap((file) => {
    const text = readFileSync(join(workspace, file), "utf8").replaceAll(/^```[\s\S]*?^```$/gm, "");
    return [...text.matchAll(/\]\((?!https?:)([^)#\s]+)[^)]*\)/g)]
      .map((match) => match[1] ?? "")
      .filter((target) => !existsSync(join(workspace, dirname(file), target)))
      .map((target) => `${file} → ${target}`);
  });
  expect(broken).toEqual([]);
});
