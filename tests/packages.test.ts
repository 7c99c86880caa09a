import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { workspace } from "./support/workspace.ts";

const run = promisify(execFile);

// The packages as npm would publish them, installed by a stranger's project.
let project: string;
beforeAll(async () => {
  project = await mkdtemp(join(tmpdir(), "behalf-packages-"));
  const tarballs: string[] = [];
  for (const name of ["behalf", "cli"]) {
    const { stdout } = await run("npm", ["pack", "--json", "--pack-destination", project], {
      cwd: join(workspace, "packages", name),
    });
    const [packed] = JSON.parse(stdout) as { filename: string }[];
    tarballs.push(`./${packed?.filename}`);
  }
  await writeFile(join(project, "package.json"), JSON.stringify({ private: true, type: "module" }));
  const others = ["@supabase/supabase-js@2", "@trigger.dev/sdk@4", "typescript@6", "@types/node@20"];
  await run("npm", ["install", "--no-audit", "--no-fund", ...tarballs, ...others], { cwd: project });
});
afterAll(() => rm(project, { recursive: true, force: true }));

describe("the packages, from outside", () => {
  test("every entry point can be imported, and internals can't", async () => {
    const script = `
      const names = ["behalf", "behalf/trigger", "behalf/broker", "behalf/audit", "behalf/migrations", "@behalf/cli", "@behalf/cli/testing"];
      const found = {};
      for (const name of names) found[name] = Object.keys(await import(name));
      const inner = await import("behalf/dist/behalf.js").catch((error) => error.code);
      console.log(JSON.stringify({ found, inner }));`;
    const { stdout } = await run(process.execPath, ["--input-type=module", "-e", script], { cwd: project });
    const { found, inner } = JSON.parse(stdout) as { found: Record<string, string[]>; inner: string };
    expect(found.behalf).toContain("createBehalf");
    expect(found["behalf/trigger"]).toContain("triggerTasks");
    expect(found["behalf/broker"]).toContain("createBroker");
    expect(found["behalf/audit"]).toContain("readAudit");
    expect(found["behalf/migrations"]).toContain("auditMigrations");
    expect(found["@behalf/cli"]).toContain("startStack");
    expect(found["@behalf/cli/testing"]).toEqual(["startBehalf"]);
    expect(inner).toBe("ERR_PACKAGE_PATH_NOT_EXPORTED");
  });

  test("types are there, and hold under strict settings", async () => {
    await writeFile(
      join(project, "use.ts"),
      `import { createBehalf, type Behalf } from "behalf";
import { triggerTasks } from "behalf/trigger";
import { startBehalf } from "@behalf/cli/testing";
type Database = { public: { Tables: { notes: { Row: { id: number }; Insert: { id?: number }; Update: { id?: number }; Relationships: [] } }; Views: {}; Functions: {} } };
const behalf: Behalf<Database> = createBehalf<Database>();
const { userTask } = triggerTasks(behalf);
export const task = userTask({ id: "a", run: async (payload: { user: string }, { supabase }) => (await supabase.from("notes").select("id")).data?.[0]?.id, user: (payload) => payload.user });
export const id: Promise<number | undefined> = task.triggerAndWait({ user: "" }).unwrap();
// @ts-expect-error: the payload's type is known
task.trigger({ nobody: 1 });
export const suite = startBehalf<Database>();
`,
    );
    const options = [
      "--noEmit",
      "--strict",
      "--exactOptionalPropertyTypes",
      "--module",
      "nodenext",
      "--target",
      "es2023",
      "--types",
      "node",
      "--skipLibCheck",
    ];
    const tsc = join(project, "node_modules/typescript/bin/tsc");
    const result = await run(process.execPath, [tsc, ...options, "use.ts"], { cwd: project }).catch(
      (error) => error,
    );
    expect(result.stdout).toBe("");
  });

  test("users' trails can be read in a browser: nothing there is of Node.js", async () => {
    await writeFile(join(project, "page.ts"), `export { readAudit } from "behalf/audit";`);
    const bundled = run(
      join(project, "node_modules/.bin/esbuild"),
      ["--bundle", "--platform=browser", "page.ts"],
      { cwd: project },
    );
    await expect(bundled).resolves.toMatchObject({ stdout: expect.stringContaining("audit_log") });
  });

  test("the command runs where it was installed", async () => {
    const { stdout } = await run(join(project, "node_modules/.bin/behalf"), ["--help"], { cwd: project });
    expect(stdout).toMatch(/Usage: behalf/);
    const status = await run(join(project, "node_modules/.bin/behalf"), ["status"], { cwd: project }).catch(
      (error) => error,
    );
    expect([status.code, status.stderr]).toEqual([2, expect.stringMatching(/ERR_USAGE_NO_PROJECT/)]);
  });

  test("init joins an existing Trigger.dev project, twice, and its own task runs", async () => {
    const files = {
      "trigger.config.ts": `import { defineConfig } from "@trigger.dev/sdk";
export default defineConfig({ project: "proj_abcdefghijklmnopqrst", dirs: ["./src/trigger"], maxDuration: 60 });
`,
      "src/trigger/example.ts": `import { task } from "@trigger.dev/sdk/v3";
export const helloWorld = task({ id: "hello-world", run: async (payload: { name: string }) => ({ message: "Hello, " + payload.name }) });
`,
    };
    await mkdir(join(project, "src/trigger"), { recursive: true });
    for (const [name, text] of Object.entries(files)) await writeFile(join(project, name), text);
    const behalf = (...args: string[]) =>
      run(join(project, "node_modules/.bin/behalf"), args, { cwd: project });
    const first = await behalf("init");
    expect(first.stdout).toMatch(/wrote {2}src\/trigger\/supabase\.ts/);
    expect(first.stdout).not.toMatch(/notes|who-am-i|npm install/);
    expect((await behalf("init")).stdout).not.toContain("wrote");
    for (const [name, text] of Object.entries(files))
      expect(await readFile(join(project, name), "utf8")).toBe(text);
    const { stdout } = await behalf("run", "hello-world", "--payload", '{"name": "Ada"}', "--json");
    expect(JSON.parse(stdout)).toMatchObject({ status: "COMPLETED", output: { message: "Hello, Ada" } });
  });
});
