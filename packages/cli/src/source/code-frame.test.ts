import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { readSource } from "./code-frame.js";

let folder: string;
let project: string;
const text = ["one", "two", "three", "four", "five", "six"].join("\r\n");

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "behalf frames (1) "));
  project = join(folder, "project");
  await mkdir(join(project, "node_modules/library"), { recursive: true });
  await mkdir(join(project, "trigger"));
  for (const file of ["trigger/notes.ts", "node_modules/library/index.js", ".env", "../outside.ts"])
    await writeFile(join(project, file), text);
  await symlink(join(folder, "outside.ts"), join(project, "trigger/link.ts"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const notes = {
  file: "trigger/notes.ts",
  line: 4,
  column: 9,
  lines: ["two", "three", "four", "five", "six"].map((line, index) => ({ number: index + 2, text: line })),
};

describe("readSource", () => {
  test("takes the innermost frame that is the project's own, whatever stands around it", () => {
    const file = join(project, "trigger/notes.ts");
    const library = `    at call (${join(project, "node_modules/library/index.js")}:1:1)`;
    const later = `    at outer (${file}:1:1)`;
    for (const frame of [
      `    at save (${file}:4:9)`,
      `    at async Object.run (${file}:4:9)`,
      `    at ${file}:4:9`,
      `    at async ${pathToFileURL(file).href}:4:9`,
    ])
      expect(
        readSource(["Error: no", "    at node:internal/x:1:2", library, frame, later].join("\n"), project),
      ).toEqual(notes);
  });

  test("begins and ends with the file", () => {
    const at = (line: number) =>
      readSource(`Error\n    at ${join(project, "trigger/notes.ts")}:${line}:1`, project);
    expect(at(1)?.lines.map(({ number }) => number)).toEqual([1, 2, 3]);
    expect(at(6)?.lines.map(({ number }) => number)).toEqual([4, 5, 6]);
    expect(at(7)).toBeUndefined();
  });

  test("reads nothing but the project's code, however a stack is written", () => {
    for (const file of [
      ".env",
      "trigger/link.ts",
      "trigger/../../outside.ts",
      "gone.ts",
      "node_modules/library/index.js",
    ])
      expect(readSource(`Error\n    at run (${project}/${file}:4:9)`, project), file).toBeUndefined();
    expect(readSource("", project)).toBeUndefined();
    expect(readSource(`Error: at ${join(project, "trigger/notes.ts")}:4:9`, project)).toBeUndefined();
    expect(
      readSource(`Error\n    at ${join(project, "trigger/notes.ts")}:4:9`, join(folder, "none")),
    ).toBeUndefined();
  });
});
