import { readdirSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { behalfCommand } from "./support/behalf.ts";
import { createProject } from "./support/projects.ts";
import { workspace } from "./support/workspace.ts";

const examples = readdirSync(join(workspace, "examples"), { recursive: true, encoding: "utf8" })
  .filter((file) => /^[\w-]+\/database\.types\.ts$/.test(file))
  .map((file) => file.split("/")[0]);

test.each(examples)("the types of examples/%s are what its migrations say", async (example) => {
  const { code, stderr } = await behalfCommand([
    "types",
    "--check",
    "--dir",
    join(workspace, "examples", `${example}`),
  ]);
  expect(code, stderr).toBe(0);
});

test("a file that says something else is told, and written", async () => {
  const project = await createProject({
    "supabase/migrations/20260101000000_things.sql":
      "create table public.things (id int primary key, kind text not null);",
    "database.types.ts": "export type Database = never;",
  });
  try {
    const checked = await behalfCommand(["types", "--check"], { cwd: project.folder });
    expect([checked.code, checked.stderr]).toEqual([
      1,
      expect.stringMatching(/database\.types\.ts is not what the migrations say/),
    ]);
    expect((await behalfCommand(["types"], { cwd: project.folder })).stdout).toMatch(
      /Wrote database\.types\.ts/,
    );
    expect((await behalfCommand(["types", "--check"], { cwd: project.folder })).code).toBe(0);
    const absent = ["types", "--schema", "public", "nowhere", "--output", "generated/types.ts"];
    expect(await behalfCommand(absent, { cwd: project.folder })).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("no schema nowhere"),
    });
    const elsewhere = ["types", "--output", "generated/types.ts"];
    expect((await behalfCommand(elsewhere, { cwd: project.folder })).code).toBe(0);
  } finally {
    await project.remove();
  }
});
