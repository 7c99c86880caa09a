import { readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { openProject, type StartedProject, startProject } from "@behalf/cli";
import { createBehalf } from "behalf";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { behalfCommand, startBehalfCommand } from "./support/behalf.ts";
import { createProject, type TestProject } from "./support/projects.ts";

const ada = "11111111-1111-4111-8111-111111111111";

/** Every file of a folder but what behalf keeps there: path → text. */
async function snapshot(folder: string): Promise<Record<string, string>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((file) => !file.includes("/.behalf/"))
    .sort();
  const texts = await Promise.all(files.map((file) => readFile(file, "utf8")));
  return Object.fromEntries(files.map((file, at) => [file.slice(folder.length + 1), texts[at] ?? ""]));
}

interface Files {
  files: { file: string; what: string }[];
  install: string[];
}

const init = async (folder: string) =>
  JSON.parse((await behalfCommand(["init", "--dir", folder, "--json"])).stdout) as Files;

describe("init", () => {
  test("says which file is in the way, and writes nothing", async () => {
    const project = await createProject({ supabase: "a file" });
    const { code, stderr } = await behalfCommand(["init", "--dir", project.folder]);
    expect([code, stderr]).toEqual([
      2,
      expect.stringMatching(/supabase is a file.*Move it away.*ERR_USAGE_NO_FOLDER/s),
    ]);
    expect(await readdir(project.folder)).toEqual(["supabase"]);
    await project.remove();
  });

  const files = {
    "package.json": "{}",
    ".gitignore": "/mine\n",
    "trigger.config.ts": `export default { project: "proj_x", dirs: ["./src/jobs/"] };`,
    "src/jobs/one.ts": "export const one = 1;",
    "supabase/migrations/29990101000000_future.sql": "select 1;",
  };
  let project: TestProject;
  afterAll(() => project?.remove());

  test("adds to a project what it lacks, and changes nothing that is there", async () => {
    project = await createProject(files);
    const { files: told } = await init(project.folder);
    const after = await snapshot(project.folder);
    expect(after).toMatchObject(files);
    const wrote = told.filter(({ what }) => what === "wrote").map(({ file }) => file);
    expect(Object.keys(after).sort()).toEqual([...Object.keys(files), ...wrote].sort());
    expect(wrote).toEqual([
      ".env.example",
      "supabase/config.toml",
      ...wrote.filter((file) => /^supabase\/migrations\/299901010000\d\d_behalf_\d{3}_\w+\.sql$/.test(file)),
      "src/jobs/supabase.ts",
    ]);
    expect(wrote.length).toBeGreaterThan(7);
  });

  test("twice is as good as once", async () => {
    const before = await snapshot(project.folder);
    const { files } = await init(project.folder);
    expect(new Set(files.map(({ what }) => what))).toEqual(new Set(["kept"]));
    expect(await snapshot(project.folder)).toEqual(before);
  });

  test("says what is to be installed, and nothing that is there", async () => {
    const install = async (files: Record<string, string>) => {
      await project.write(files);
      return (await init(project.folder)).install;
    };
    expect(await install({})).toEqual([
      "npm install behalf @supabase/supabase-js @trigger.dev/sdk",
      "npm install --save-dev @behalf/cli",
    ]);
    const dependencies = { behalf: "0.1.0", "@trigger.dev/sdk": "4.8.3" };
    const devDependencies = { "@behalf/cli": "0.1.0" };
    const manifest = { "package.json": JSON.stringify({ dependencies, devDependencies }) };
    expect(await install({ ...manifest, "pnpm-lock.yaml": "" })).toEqual(["pnpm add @supabase/supabase-js"]);
    await project.write({ "package.json": files["package.json"] });
    await rm(join(project.folder, "pnpm-lock.yaml"));
  });

  test("brings no tables to a Trigger.dev project, and no tables but a task to a Supabase project", async () => {
    const wrote = async (files: Record<string, string>) => {
      const other = await createProject(files);
      const { files: told } = await init(other.folder);
      await other.remove();
      return told.map(({ file }) => file).filter((file) => !/_behalf_\d+_/.test(file));
    };
    const always = ["package.json", ".gitignore", ".env.example", "supabase/config.toml"];
    expect(
      await wrote({ "trigger.config.ts": `export default {};`, "trigger/mine.ts": "export const a = 1;" }),
    ).toEqual([...always, "trigger/supabase.ts"]);
    expect(await wrote({ "supabase/migrations/20260101000000_mine.sql": "select 1;" })).toEqual([
      ...always,
      "trigger.config.ts",
      "trigger/supabase.ts",
      "trigger/who-am-i.ts",
    ]);
  });

  test("sql puts a newer text beside an older file, which may have been applied", async () => {
    const names = await readdir(join(project.folder, "supabase/migrations"));
    const old = names.find((name) => name.endsWith("_behalf_010_identity.sql")) ?? "";
    await writeFile(join(project.folder, "supabase/migrations", old), "-- of an older version");
    const { code, stdout } = await behalfCommand(["sql"], { cwd: project.folder });
    expect(code).toBe(0);
    expect(stdout.match(/wrote/g)).toHaveLength(1);
    const now = (await readdir(join(project.folder, "supabase/migrations"))).sort();
    expect(now).toHaveLength(names.length + 1);
    expect(now.at(-1)).toMatch(/_behalf_010_identity\.sql$/);
    expect(await readFile(join(project.folder, "supabase/migrations", old), "utf8")).toBe(
      "-- of an older version",
    );
  });
});

test("a Supabase project without tasks runs its first one after init", async () => {
  const project = await createProject({
    "supabase/migrations/20260101000000_mine.sql": "create table public.mine (id int primary key);",
  });
  await init(project.folder);
  const started = await startProject(openProject(project.folder));
  try {
    const { id } = await started.runtime.trigger("who-am-i", { userId: ada });
    expect(await started.runtime.waitForRun(id)).toMatchObject({
      status: "COMPLETED",
      output: { actsAs: ada },
    });
  } finally {
    await started.stop();
    await project.remove();
  }
});

describe("an empty folder after init", () => {
  let project: TestProject;
  let started: StartedProject;
  let env: Record<string, string>;
  let run: string;

  beforeAll(async () => {
    project = await createProject({});
    await init(project.folder);
    started = await startProject(openProject(project.folder));
    env = { SUPABASE_DB_URL: started.endpoints.databaseUrl };
    ({ id: run } = await started.runtime.trigger("add-note", { userId: ada, body: "first" }));
  });
  afterAll(async () => {
    await started?.stop();
    await project?.remove();
  });

  const command = (...args: string[]) => behalfCommand(args, { cwd: project.folder, env });
  const client = () => {
    const { endpoints } = started;
    return createBehalf({
      url: endpoints.supabaseUrl,
      publishableKey: endpoints.publishableKey,
      secretKey: endpoints.secretKey,
      jwtSecret: endpoints.jwtSecret,
      environment: {},
    });
  };

  test("runs its task, and the doctor finds nothing wrong with it", async () => {
    expect(await started.runtime.waitForRun(run)).toMatchObject({
      status: "COMPLETED",
      output: { body: "first" },
    });
    const { stdout } = await command("doctor", "--json");
    expect((JSON.parse(stdout) as { findings: unknown[] }).findings).toEqual([]);
  });

  test("sql --check: current, and not where a migration is missing", async () => {
    expect(await command("sql", "--check")).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/is current/),
    });
    await asAdmin("delete from behalf.migrations where name = '030_require_reason'");
    const { code, stdout } = await command("sql", "--check", "--json");
    await asAdmin("insert into behalf.migrations (name) values ('030_require_reason')");
    expect(code).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({ current: false, missing: ["030_require_reason"] });
  });

  test("audit tells who changed what, filtered", async () => {
    const { error } = await client()
      .asService({ reason: "typo in a title", actor: { sub: "fix" }, initiator: "support" })
      .from("notes")
      .update({ body: "First" })
      .eq("body", "first");
    expect(error).toBeNull();
    const { stdout } = await command("audit", "--table", "notes", "--since", "1h");
    expect(stdout).toContain(
      `INSERT public.notes id=1  user ${ada} by the task add-note (${run}, attempt 1)`,
    );
    expect(stdout).toContain("service_role by the task fix, asked by support: typo in a title");
    expect(stdout).toContain('body: "first" → "First"');
    for (const [filter, count] of [
      [["--user", ada], 1],
      [["--task", "fix"], 1],
      [["--run", run], 1],
      [["--limit", "1"], 1],
      [[], 2],
      [["--table", "billing.invoices"], 0],
    ] as const) {
      const entries = JSON.parse((await command("audit", "--json", ...filter)).stdout) as unknown[];
      expect([filter, entries.length]).toEqual([filter, count]);
    }
  });

  test("audit run tells one run's story", async () => {
    const { stdout } = await command("audit", "run", run);
    expect(stdout).toMatch(new RegExp(`^${run}: user ${ada} by the task add-note`));
    expect(stdout).toContain("INSERT public.notes: 1");
    expect((await command("audit", "run", "run_of_nobody")).stdout).toBe(
      "run_of_nobody changed nothing that is audited.\n",
    );
  });

  test("audit --follow prints what is committed from now on, until it is interrupted", async () => {
    const following = startBehalfCommand(["audit", "--follow", "--json", "--task", "later"], {
      cwd: project.folder,
      env,
    });
    const admin = client().asService({ reason: "to be followed", actor: { sub: "later" } });
    // Whether it follows already can't be seen from outside: rows are added until one is printed.
    await expect
      .poll(async () => {
        await admin.from("notes").insert({ user_id: ada, body: "later" });
        return following.output();
      })
      .toContain('"task":"later"');
    following.child.kill("SIGINT");
    const { code, stdout } = await following.ended;
    expect(code).toBe(0);
    for (const line of stdout.trim().split("\n"))
      expect(JSON.parse(line)).toMatchObject({ operation: "INSERT", reason: "to be followed" });
  });

  test("audit verify notices what was edited, and with a head that was kept even that everything is gone", async () => {
    expect(await command("audit", "verify")).toMatchObject({ code: 0 });
    const head = join(project.folder, "head.json");
    await writeFile(head, (await command("audit", "head")).stdout);
    expect(await command("audit", "verify", "--head", head)).toMatchObject({ code: 0 });

    await asAdmin("delete from behalf.audit_entries where task = 'fix'");
    const edited = await command("audit", "verify", "--json");
    expect(edited.code).toBe(1);
    expect(JSON.parse(edited.stdout)).toMatchObject({
      intact: false,
      problems: [{ problem: expect.any(String) }],
    });

    // Without a trail and without a chain nothing contradicts anything, but for what was kept elsewhere.
    await asAdmin("truncate behalf.audit_entries, behalf.audit_chain");
    expect(await command("audit", "verify")).toMatchObject({ code: 0 });
    expect(await command("audit", "verify", "--head", head)).toMatchObject({ code: 1 });

    await writeFile(head, '[{"strand": 0}]');
    const refused = await command("audit", "verify", "--head", head);
    expect(refused.code).toBe(2);
    expect(refused.stderr).toContain("ERR_USAGE_HEAD");
  });

  async function asAdmin(sql: string): Promise<void> {
    const admin = new pg.Client(started.stack.adminDatabaseUrl);
    await admin.connect();
    await admin.query(sql).finally(() => admin.end());
  }
});

test("wrong usage ends with 2", async () => {
  const ended = await Promise.all([
    behalfCommand(["audit", "--since", "yesterday-ish"]),
    behalfCommand(["audit", "--limit", "5000"]),
    behalfCommand(["audit", "run"]),
    behalfCommand(["sql", "--check", "--dir", "tests"]),
  ]);
  expect(ended.map(({ code }) => code)).toEqual([2, 2, 2, 2]);
});
