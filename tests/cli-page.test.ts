import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { workspace } from "./support/workspace.ts";

interface CommandLike {
  name(): string;
  commands: readonly CommandLike[];
  options: readonly { long?: string | undefined }[];
}

// The built package, whose program starts nothing when it is only looked at.
const { createProgram } = (await import(
  join(workspace, "packages/cli/dist/commands/program/program.js")
)) as { createProgram(): CommandLike };

const page = readFileSync(join(workspace, "docs/cli.md"), "utf8");

function findCommands(command: CommandLike, path: string[] = []): { path: string; options: string[] }[] {
  return command.commands.flatMap((child) => {
    const names = [...path, child.name()];
    const options = child.options.flatMap(({ long }) => long ?? []);
    return [{ path: names.join(" "), options }, ...findCommands(child, names)];
  });
}

/** What the page says of a command: the section that is headed by it, or its row of a table. */
function findText(path: string): string {
  const sections = page.split(/^## /m).filter((section) => {
    const [heading = ""] = section.split("\n");
    return heading.split(", ").includes(`behalf ${path}`);
  });
  const rows = page.split("\n").filter((line) => line.startsWith(`| [\`${path}\`]`));
  return [...sections, ...rows].join("\n");
}

test.each(findCommands(createProgram()))(
  "docs/cli.md tells of behalf $path and its options",
  ({ path, options }) => {
    // A group of commands is told by them.
    const text = path === "keys" ? page : findText(path);
    expect(text).not.toBe("");
    for (const option of options)
      if (option !== "--dir") expect(text, option).toMatch(new RegExp(`${option}(?![\\w-])`));
  },
);

test("docs/cli.md tells of no option that isn't there", () => {
  const known = new Set(findCommands(createProgram()).flatMap(({ options }) => options));
  const told = [...page.matchAll(/(?<![\w-])--[a-z][a-z-]*/g)].map(([option]) => option);
  expect([...new Set(told)].filter((option) => option !== "--help" && !known.has(option))).toEqual([]);
});
