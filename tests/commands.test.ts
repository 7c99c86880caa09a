import { stat } from "node:fs/promises";
import { join } from "node:path";
import { createClient } from "@supabase/supabase-js";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { behalfCommand, type Started, startBehalfCommand } from "./support/behalf.ts";
import { createProject, type TestProject } from "./support/projects.ts";

const ada = "11111111-1111-4111-8111-111111111111";

const files = {
  "package.json": JSON.stringify({ type: "module" }),
  "trigger.config.ts": `import { defineConfig } from "@trigger.dev/sdk";
export default defineConfig({ project: "proj_commands", dirs: ["./trigger"], maxDuration: 60 });`,
  "supabase/migrations/20260101000000_todos.sql": `create table public.todos (
    id bigint generated always as identity primary key,
    user_id uuid not null default auth.uid() references auth.users (id),
    title text not null
  );
  alter table public.todos enable row level security;
  create policy "own todos" on public.todos to authenticated using ((select auth.uid()) = user_id);
  grant all on public.todos to authenticated, service_role;`,
  "supabase/seed.sql": `insert into auth.users (id, email) values ('${ada}', 'ada@example.com');
  insert into public.todos (user_id, title) values ('${ada}', 'from the seed');`,
  "trigger/todos.ts": `import { task } from "@trigger.dev/sdk";
import { createBehalf } from "behalf";
const behalf = createBehalf();
export const todos = task({
  id: "todos",
  run: async ({ userId }: { userId: string }) => {
    const supabase = await behalf.asUser(userId);
    const { data, error } = await supabase.from("todos").select("title").order("id");
    if (error) throw error;
    return data;
  },
});
export const fails = task({ id: "fails", retry: { maxAttempts: 2, minTimeoutInMs: 10 }, run: async () => { throw new Error("as it must"); } });`,
};

let project: TestProject;
beforeAll(async () => {
  project = await createProject(files);
});
afterAll(() => project.remove());

describe("with nothing running", () => {
  test("status says so", async () => {
    const { code, stdout } = await behalfCommand(["status", "--json"], { cwd: project.folder });
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toEqual({ running: false });
  });

  test.each([
    ["no command", [], /Usage: behalf/],
    ["an unknown command", ["fly"], /unknown command 'fly'/],
    ["a folder that isn't there", ["status", "--dir", "nowhere-at-all"], /ERR_USAGE_NO_FOLDER/],
    ["a folder that is no project", ["status", "--dir", "trigger"], /ERR_USAGE_NO_PROJECT/],
    ["a payload that isn't JSON", ["run", "todos", "--payload", "{userId}"], /ERR_USAGE_PAYLOAD/],
  ])("wrong usage ends with 2: %s", async (_, args, message) => {
    const { code, stdout, stderr } = await behalfCommand(args, { cwd: project.folder });
    expect(code).toBe(2);
    expect(stdout).toBe("");
    expect(stderr).toMatch(message);
  });

  test("token mints from the environment, and names what is missing", async () => {
    const env = {
      SUPABASE_URL: "https://abcdefghijklmnopqrst.supabase.co",
      SUPABASE_PUBLISHABLE_KEY: "sb_publishable_ACJWlzQHlZjBrEguHvfOxg_3BJgxAaH",
    };
    const missing = await behalfCommand(["token", ada], { cwd: project.folder, env });
    expect(missing.code).toBe(1);
    expect(missing.stderr).toMatch(/SUPABASE_JWT_SECRET is not defined in environment variables/);

    const { code, stdout } = await behalfCommand(["token", ada, "--json", "--lifetime", "5m"], {
      cwd: project.folder,
      env: {
        ...env,
        SUPABASE_JWT_SECRET: "a-secret-of-at-least-32-characters-in-length",
      },
    });
    expect(code).toBe(0);
    const { token, claims, expiresAt } = JSON.parse(stdout) as {
      token: string;
      claims: { sub: string; role: string; exp: number; iat: number };
      expiresAt: string;
    };
    expect(token.split(".")).toHaveLength(3);
    expect(claims).toMatchObject({ sub: ada, role: "authenticated", aud: "authenticated" });
    expect(Date.parse(expiresAt)).toBe(claims.exp * 1000);
  });
});

describe("behalf dev", () => {
  let dev: Started;

  const start = async (...args: string[]) => {
    dev = startBehalfCommand(["dev", ...args], { cwd: project.folder });
    await expect
      .poll(() => [dev.output(), dev.child.exitCode])
      .toEqual([expect.stringMatching(/Ctrl-C stops/), null]);
  };
  const status = async () =>
    JSON.parse((await behalfCommand(["status", "--json"], { cwd: project.folder })).stdout) as Record<
      string,
      string
    >;
  const titles = async () => {
    const { supabaseUrl = "", secretKey = "" } = await status();
    const supabase = createClient(supabaseUrl, secretKey, { realtime: { transport: class {} as never } });
    const { data } = await supabase.from("todos").select("title").order("id");
    return { supabase, titles: data?.map((row) => row.title) };
  };

  test("starts, runs a task as a user, keeps data over a restart, and starts over with --fresh", async () => {
    await start();
    const first = await status();
    expect(Object.keys(first).sort()).toEqual(
      [
        "anonKey",
        "consoleUrl",
        "databaseUrl",
        "grantKey",
        "jwtSecret",
        "publishableKey",
        "running",
        "secretKey",
        "serviceRoleKey",
        "supabaseUrl",
        "triggerApiUrl",
        "triggerSecretKey",
      ].sort(),
    );
    expect((await stat(join(project.folder, ".behalf"))).mode & 0o777).toBe(0o700);
    expect((await stat(join(project.folder, ".behalf/running.json"))).mode & 0o777).toBe(0o600);

    const ran = await behalfCommand(
      ["run", "todos", "--payload", JSON.stringify({ userId: ada }), "--json"],
      {
        cwd: project.folder,
      },
    );
    expect(ran.code).toBe(0);
    expect(JSON.parse(ran.stdout)).toEqual({
      id: expect.stringMatching(/^run_/),
      task: "todos",
      status: "COMPLETED",
      attempts: 1,
      output: [{ title: "from the seed" }],
      error: null,
    });

    const failed = await behalfCommand(["run", "fails", "--json"], { cwd: project.folder });
    expect(failed.code).toBe(1);
    expect(JSON.parse(failed.stdout)).toMatchObject({
      status: "FAILED",
      attempts: 2,
      error: { message: "as it must" },
    });

    const unknown = await behalfCommand(["run", "nope"], { cwd: project.folder });
    expect(unknown.code).toBe(2);
    expect(unknown.stderr).toMatch(/ERR_USAGE_UNKNOWN_TASK/);

    const second = await behalfCommand(["dev"], { cwd: project.folder });
    expect(second.code).toBe(2);
    expect(second.stderr).toMatch(/ERR_USAGE_RUNNING/);

    const token = await behalfCommand(["token", ada], { cwd: project.folder });
    const me = await fetch(`${first.supabaseUrl}/rest/v1/todos?select=title`, {
      headers: { apikey: first.publishableKey ?? "", authorization: `Bearer ${token.stdout.trim()}` },
    });
    expect(await me.json()).toEqual([{ title: "from the seed" }]);

    // A project that names no URL belongs to the one that runs, for the doctor as for its tasks.
    await project.write({ ".env": `BEHALF_GRANT_KEY=${first.grantKey}\n` });
    const doctor = await behalfCommand(["doctor", "--json"], { cwd: project.folder });
    await project.write({ ".env": "" });
    const { findings } = JSON.parse(doctor.stdout) as { findings: { level: string }[] };
    expect(findings.filter(({ level }) => level === "error")).toEqual([]);

    const { supabase } = await titles();
    await supabase.from("todos").insert({ user_id: ada, title: "from before" });
    expect(await behalfCommand(["stop"], { cwd: project.folder })).toMatchObject({ code: 0 });
    expect((await dev.ended).code).toBe(0);
    expect(await status()).toEqual({ running: false });

    await start();
    expect((await titles()).titles).toEqual(["from the seed", "from before"]);
    // Keys outlive a restart; the ports are free ones each time.
    expect(await status()).toMatchObject({ secretKey: first.secretKey, jwtSecret: first.jwtSecret });
    dev.child.kill("SIGINT");
    expect((await dev.ended).code).toBe(0);

    await start("--fresh");
    expect((await titles()).titles).toEqual(["from the seed"]);
    dev.child.kill("SIGTERM");
    expect((await dev.ended).code).toBe(0);
  });

  test("is waited for while it starts, and reloads a task that changes", async () => {
    dev = startBehalfCommand(["dev"], { cwd: project.folder });
    await expect.poll(() => dev.output()).toMatch(/Postgres started/);
    const ran = await behalfCommand(["run", "todos", "--payload", JSON.stringify({ userId: ada })], {
      cwd: project.folder,
    });
    expect(ran.code, ran.stderr).toBe(0);
    expect(dev.child.exitCode).toBe(null);
    await project.write({
      "trigger/later.ts": `import { task } from "@trigger.dev/sdk";
export const later = task({ id: "later", run: async () => "here now" });`,
    });
    await expect
      .poll(async () => (await behalfCommand(["run", "later", "--json"], { cwd: project.folder })).stdout, {
        interval: 500,
      })
      .toMatch(/here now/);
    await behalfCommand(["stop"], { cwd: project.folder });
    await dev.ended;
  });
});

test("run starts a stack for one run where none is running", async () => {
  const { code, stdout } = await behalfCommand(
    ["run", "todos", "--payload", JSON.stringify({ userId: ada }), "--json"],
    { cwd: project.folder },
  );
  expect(code).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({ status: "COMPLETED", output: [{ title: "from the seed" }] });
});
