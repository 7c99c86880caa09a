import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { auditMigrations } from "behalf/migrations";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { behalfCommand, type Started, startBehalfCommand } from "./support/behalf.ts";
import { createProject, type TestProject } from "./support/projects.ts";

const ada = "11111111-1111-4111-8111-111111111111";

const files = {
  "package.json": JSON.stringify({ type: "module" }),
  "trigger.config.ts": `import { defineConfig } from "@trigger.dev/sdk";
export default defineConfig({ project: "proj_terminal", dirs: ["./trigger"], maxDuration: 60 });`,
  ...Object.fromEntries(
    auditMigrations().map(({ name, sql }, index) => [
      `supabase/migrations/2025010100000${index}_${name}.sql`,
      sql,
    ]),
  ),
  "supabase/migrations/20260101000000_notes.sql": `create table public.notes (
    id bigint generated always as identity primary key,
    user_id uuid not null default auth.uid() references auth.users (id),
    body text not null
  );
  alter table public.notes enable row level security;
  create policy "own notes" on public.notes to authenticated using ((select auth.uid()) = user_id);
  grant all on public.notes to authenticated, service_role;
  create table public.plans (user_id uuid not null default auth.uid(), body text not null);
  alter table public.plans enable row level security;
  create policy "own plans" on public.plans to authenticated using ((select auth.uid()) = user_id);
  grant all on public.plans to authenticated;
  select behalf.narrow('public.plans', strict => true);`,
  "supabase/seed.sql": `insert into auth.users (id, email) values ('${ada}', 'ada@example.com');
  insert into public.notes (user_id, body) values ('${ada}', 'hers');`,
  "src/shout.ts": `interface Note {
  body: string;
}
export function shout(note: Note): string {
  return note.body.toUpperCase();
}`,
  "trigger/tasks.ts": `import { setTimeout as sleep } from "node:timers/promises";
import { logger, tags, task } from "@trigger.dev/sdk";
import { createBehalf } from "behalf";
import { triggerTasks } from "behalf/trigger";
import { shout } from "../src/shout.ts";
const { userTask } = triggerTasks(createBehalf());
export const hello = task({
  id: "hello",
  run: async ({ name }: { name: string }) => {
    await tags.add("greeting");
    logger.info("\\u001b[32mgreets\\u001b[0m", { name, times: 1 });
    logger.debug("hardly of interest");
    return { hello: name, pid: process.pid };
  },
});
export const fails = task({
  id: "fails",
  retry: { maxAttempts: 2, minTimeoutInMs: 10 },
  run: async () => shout(null as never),
});
export const endless = task({
  id: "endless",
  run: async (_: unknown, { signal }) => {
    for (let step = 1; ; step++) {
      logger.info("step " + step);
      await sleep(100, undefined, { signal });
    }
  },
});
export const notes = userTask({
  id: "notes",
  run: async (_: { grant: string }, { supabase }) => {
    const { data, error } = await supabase.from("notes").select("body");
    if (error) throw error;
    return data;
  },
});
export const plan = userTask({
  id: "plan",
  retry: { maxAttempts: 1 },
  run: async (_: { grant: string }, { supabase }) => {
    await supabase.from("plans").insert({ body: "to narrow" }).throwOnError();
  },
});`,
  "trigger/watched.ts": `import { task } from "@trigger.dev/sdk";
export const watched = task({ id: "watched", run: async () => "one" });`,
};

let project: TestProject;
let dev: Started;
const behalf = (...args: string[]) => behalfCommand(args, { cwd: project.folder });
const start = (...args: string[]) => startBehalfCommand(args, { cwd: project.folder });
const startDev = async (...args: string[]) => {
  dev = start("dev", ...args);
  await vi.waitFor(() => expect(dev.output()).toMatch(/Ctrl-C stops|"type":"ready"/), { timeout: 60_000 });
};

beforeAll(async () => {
  project = await createProject(files);
  await startDev();
});
afterAll(async () => {
  dev.child.kill("SIGINT");
  await dev.ended;
  await project.remove();
});

describe("behalf dev", () => {
  test("starts calmly: a line for each part and its time, no key and no colour", async () => {
    const { stdout } = await behalf("status", "--json");
    const status = JSON.parse(stdout) as Record<string, string>;
    const output = dev.output();
    for (const part of [
      "Postgres created and started",
      "PostgREST started",
      "Supabase answers at .*",
      "6 tasks loaded",
    ])
      expect(output).toMatch(new RegExp(`^  ✓ ${part} +[\\d.]+ m?s$`, "m"));
    expect(output).toMatch(/^Ready in [\d.]+ m?s\.$/m);
    expect(output).toContain(status.supabaseUrl);
    expect(output).not.toContain("\u001B");
    const password = new URL(status.databaseUrl ?? "").password;
    for (const secret of [
      password,
      status.secretKey,
      status.jwtSecret,
      status.serviceRoleKey,
      status.triggerSecretKey,
    ])
      expect(output).not.toContain(secret);
  });

  test("tells a run in a line, and the line of code that threw", async () => {
    await behalf("run", "hello", "--payload", '{"name":"Ada"}');
    const { code, stdout, stderr } = await behalf("run", "fails");
    expect(code).toBe(1);
    const frame = `TypeError: Cannot read properties of null (reading 'body')
src/shout.ts:5:15
  3 │ }
  4 │ export function shout(note: Note): string {
> 5 │   return note.body.toUpperCase();
    │               ^
  6 │ }`;
    const indented = (by: number) => frame.replaceAll(/^/gm, " ".repeat(by));
    expect(stdout).toContain(indented(2));
    expect(stderr).toMatch(/retrying {2}Attempt 1 failed: Cannot read/);
    await expect.poll(() => dev.output()).toMatch(/✗ fails .*FAILED/);
    const output = dev.output();
    const at = /\d\d:\d\d:\d\d/.source;
    expect(output).toMatch(new RegExp(`^${at}    hello +run_\\w{8}  info       greets$`, "m"));
    expect(output).toMatch(new RegExp(`^${at}  ✓ hello +run_\\w{8}  COMPLETED +\\d+ ms$`, "m"));
    expect(output).toMatch(
      new RegExp(`^${at}  ↻ fails +run_\\w{8}  RETRYING +\\d+ ms  after attempt 1$`, "m"),
    );
    expect(output).toMatch(new RegExp(`^${at}  ✗ fails +run_\\w{8}  FAILED +\\d+ ms  attempt 2$`, "m"));
    expect(output).toContain(indented(12));
    expect(output).not.toContain("hardly of interest");
    expect(output).not.toContain("QUEUED");
  });

  test("shows the line of a file that doesn't build", async () => {
    await project.write({
      "trigger/broken.ts": `import { task } from "@trigger.dev/sdk";\nexport const = 1;`,
    });
    await expect.poll(() => dev.output()).toMatch(/✗ trigger\/broken\.ts:2 .*\n.*\n> 2 │ export const = 1;/);
    await project.write({ "trigger/broken.ts": "" });
    await expect.poll(() => dev.output().match(/tasks reloaded in/g)?.length).toBeGreaterThan(1);
  });
});

describe("behalf run", () => {
  test("shows what the run does while it goes on; Ctrl-C cancels it and ends with 130", async () => {
    const run = start("run", "endless");
    await expect.poll(() => run.output()).toMatch(/info {6}step 2/);
    run.child.kill("SIGINT");
    const { code, stdout, stderr } = await run.ended;
    expect(code).toBe(130);
    expect(stderr).toMatch(/Cancelling run_/);
    // Progress is no result.
    expect(stdout).toMatch(/^CANCELED {2}endless {2}run_\w+ {2}attempts: 1\n$/);
  });

  test("--as seals a grant of the user", async () => {
    const { code, stdout } = await behalf("run", "notes", "--as", ada, "--json");
    expect(JSON.parse(stdout)).toMatchObject({ status: "COMPLETED", output: [{ body: "hers" }] });
    expect(code).toBe(0);
    const wrong = await behalf("run", "notes", "--as", ada, "--payload", "[1]");
    expect(wrong.code).toBe(2);
    expect(wrong.stderr).toMatch(/--payload has to be a JSON object.*\n.*ERR_USAGE_PAYLOAD/);
  });

  test("--scope narrows the grant, as tables that are narrowed strictly want it", async () => {
    const as = (...more: string[]) => behalf("run", "plan", "--as", ada, ...more);
    const without = await as();
    expect(without.code).toBe(1);
    expect(without.stdout).toMatch(/policy "behalf_narrow_insert" for table "plans"[\s\S]*Pass with --scope/);
    expect(await as("--scope", "public.notes:select  public.plans:insert", "--json")).toMatchObject({
      code: 0,
    });
    const words = await as("--scope", "");
    expect(words.stderr).toMatch(/such as public\.notes:select/);
    const nobody = await behalf("run", "plan", "--scope", "public.plans:insert");
    expect(nobody.code).toBe(2);
    expect(nobody.stderr).toMatch(/ERR_USAGE_SCOPE/);
  });

  test("--watch runs again when the code changes, and only then", async () => {
    const run = start("run", "watched", "--watch", "--json");
    await expect.poll(() => run.output()).toMatch(/"output":"one"[\s\S]*Waiting for a change/);
    await project.write({
      "trigger/watched.ts": (files["trigger/watched.ts"] ?? "").replace("one", "second"),
    });
    await expect.poll(() => run.output()).toMatch(/"output":"second"/);
    run.child.kill("SIGINT");
    const { code, stdout } = await run.ended;
    expect(code).toBe(0);
    const results = stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as { output: unknown });
    expect(results.map(({ output }) => output)).toEqual(["one", "second"]);
  });
});

describe("runs and their logs", () => {
  test("runs lists the latest, filtered", async () => {
    const [json, text, wrong] = await Promise.all([
      behalf("runs", "--task", "hello", "fails", "--limit", "5", "--json"),
      behalf("runs", "--status", "FAILED", "COMPLETED", "--tag", "greeting"),
      behalf("runs", "--status", "BROKEN"),
    ]);
    const listed = JSON.parse(json.stdout) as { task: string; status: string; tags: string[] }[];
    expect(listed.map(({ task, status, tags }) => ({ task, status, tags }))).toEqual([
      { task: "fails", status: "FAILED", tags: [] },
      { task: "hello", status: "COMPLETED", tags: ["greeting"] },
    ]);
    expect(text.stdout).toMatch(
      /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d {2}hello {2}run_\w{8} {2}COMPLETED +\d+ ms {2}#greeting\n$/,
    );
    expect(wrong.code).toBe(2);
    expect(wrong.stderr).toMatch(/Allowed choices are/);
  });

  test("logs finds a run by how its id begins, and says how it ended", async () => {
    const [short = ""] = /run_\w{8}(?= {2}COMPLETED)/.exec(dev.output()) ?? [];
    const [text, json, ...unknown] = await Promise.all([
      behalf("logs", short),
      behalf("logs", short, "--json"),
      ...["run_nothing", "run_abcdefghijklmnopqrstu", "run_"].map((id) => behalf("logs", id)),
    ]);
    expect(text.stdout).toMatch(
      /info {6}greets {2}{"name":"Ada","times":1}\n[\s\S]*COMPLETED {2}hello {2}run_/,
    );
    expect(JSON.parse(json.stdout)).toContainEqual(
      expect.objectContaining({ kind: "log", level: "info", properties: { name: "Ada", times: 1 } }),
    );
    for (const { code, stdout, stderr } of unknown) {
      expect([code, stdout]).toEqual([2, ""]);
      expect(stderr).toMatch(/^(There is no run|None of|\d+ runs have).*\n\(ERR_USAGE_UNKNOWN_RUN\)$/m);
    }
  });

  test("logs --follow ends with its run, which cancel ends; replay begins it anew", async () => {
    const first = start("run", "endless");
    await expect.poll(() => first.output()).toMatch(/step 1/);
    const { stdout } = await behalf("runs", "--status", "EXECUTING", "--json");
    const [run] = JSON.parse(stdout) as { id: string }[];
    const id = run?.id ?? "";
    const following = start("logs", id, "--follow");
    await expect.poll(() => following.output()).toMatch(/step 3/);
    expect(await behalf("cancel", id)).toMatchObject({ code: 0 });
    const { code, stdout: followed } = await following.ended;
    expect(code).toBe(0);
    expect(followed).toMatch(/CANCELED {2}endless/);
    // The one who started it didn't interrupt it.
    expect((await first.ended).code).toBe(1);

    const replayed = (await behalf("replay", id)).stdout.trim();
    expect(replayed).toMatch(/^run_\w+$/);
    expect(replayed).not.toBe(id);
    await behalf("cancel", replayed);
    expect((await behalf("cancel", id)).stdout).toBe(`${id} has ended already: CANCELED\n`);
  });
});

test("Ctrl-C twice ends dev at once and leaves no process behind", async () => {
  const { stdout } = await behalf("run", "hello", "--payload", '{"name":"x"}', "--json");
  const { pid } = (JSON.parse(stdout) as { output: { pid: number } }).output;
  const postmaster = await readFile(join(project.folder, ".behalf/postgres/data/postmaster.pid"), "utf8");
  const pids = [pid, Number(postmaster.split("\n")[0])];
  dev.child.kill("SIGINT");
  dev.child.kill("SIGINT");
  // Two of the same at the same moment may arrive as one.
  await expect.poll(() => dev.output()).toMatch(/Stopping …/);
  dev.child.kill("SIGINT");
  const { code } = await dev.ended;
  // Where stopping was faster than the second, it ended in order.
  expect([130, 0]).toContain(code);
  const alive = (one: number) => {
    try {
      return process.kill(one, 0);
    } catch {
      return false;
    }
  };
  await expect.poll(() => pids.filter(alive)).toEqual([]);

  const none = await behalf("runs");
  expect([none.code, none.stdout]).toEqual([2, ""]);
  expect(none.stderr).toMatch(/Start it with: behalf dev\n\(ERR_USAGE_NOT_RUNNING\)/);
});

test("dev --json says everything, one object a line and nothing else", async () => {
  await behalf("stop");
  await dev.ended;
  await startDev("--json");
  const left = start("run", "endless");
  await expect.poll(() => left.output()).toMatch(/step 1/);
  await behalf("run", "hello", "--payload", '{"name":"Ada"}');
  await behalf("stop");
  const { code: leftCode, stderr } = await left.ended;
  expect(leftCode).toBe(2);
  expect(stderr).toMatch(/What ran run_\w+ has ended\. .*\n\(ERR_USAGE_NOT_RUNNING\)$/m);
  const { code, stdout } = await dev.ended;
  expect(code).toBe(0);
  const lines = stdout
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  expect(lines.every(({ type, at }) => typeof type === "string" && typeof at === "string")).toBe(true);
  expect(lines.find(({ type, name }) => type === "part" && name === "tasks")).toMatchObject({
    message: "6 tasks loaded",
    durationMs: expect.any(Number),
  });
  expect(lines.find(({ type }) => type === "ready")).toMatchObject({
    supabaseUrl: expect.stringMatching(/^http/),
    tasks: expect.arrayContaining(["hello"]),
    problems: [],
  });
  const ofRun = lines.filter(({ task }) => task === "hello").map(({ type }) => type);
  expect(ofRun).toEqual(expect.arrayContaining(["run-queued", "run-started", "log", "run-finished"]));
  expect(
    lines.find(({ type, task, level }) => type === "log" && task === "hello" && level === "info"),
  ).toMatchObject({
    properties: { name: "Ada", times: 1 },
  });
  const types = lines.map(({ type }) => type);
  // The run that was left says a step more, perhaps, before it is ended.
  expect(types.slice(types.indexOf("stopping")).filter((type) => type !== "log")).toEqual(["stopping"]);
});
