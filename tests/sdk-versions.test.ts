import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { type Stack, startRuntime, startStack } from "@behalf/cli";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createProject } from "./support/projects.ts";

// The oldest that is supported, and the newest of each minor version since; the workspace itself has the newest of all.
const versions = ["4.4.0", "4.5.16", "4.6.4", "4.7.7"];

const tasks = `import { AbortTaskRunError, idempotencyKeys, locals, logger, metadata, task, tasks, wait } from "@trigger.dev/sdk";
import { createBehalf } from "behalf";
const mine = locals.create<string>("mine");
export const echo = task({ id: "echo", run: async (payload: { at: Date }, { ctx }) => ({ year: payload.at.getUTCFullYear(), attempt: ctx.attempt.number }) });
export const flaky = task({ id: "flaky", retry: { maxAttempts: 3, minTimeoutInMs: 10, factor: 1 }, run: async (_: unknown, { ctx }) => { if (ctx.attempt.number < 3) throw new Error("not yet"); return ctx.attempt.number; } });
export const aborts = task({ id: "aborts", run: async () => { throw new AbortTaskRunError("enough"); } });
export const user = task({ id: "user", run: async ({ userId }: { userId: string }) => {
  const supabase = await createBehalf().asUser(userId);
  const { data, error } = await supabase.rpc("who");
  if (error) throw error;
  return data;
} });
export const parent = task({ id: "parent", run: async () => {
  locals.set(mine, "parent");
  metadata.set("stage", "children");
  logger.info("two children");
  const one = await tasks.triggerAndWait("echo", { at: new Date("2026-01-02T00:00:00Z") }).unwrap();
  const two = await echo.batchTriggerAndWait([{ payload: { at: new Date("2025-01-02T00:00:00Z") } }, { payload: { at: new Date("2024-01-02T00:00:00Z") } }]);
  await wait.for({ seconds: 6 });
  const token = await wait.createToken({ timeout: "1m" });
  await wait.completeToken(token.id, { fine: true });
  const answered = await wait.forToken<{ fine: boolean }>(token.id);
  const key = await idempotencyKeys.create("once");
  const same = [await echo.trigger({ at: new Date() }, { idempotencyKey: key }), await echo.trigger({ at: new Date() }, { idempotencyKey: key })];
  return { one, two: two.runs.map((run) => run.ok && run.output.year), answered: answered.ok && answered.output.fine, same: same[0]?.id === same[1]?.id, local: locals.get(mine) };
} });`;

let stack: Stack;
let directory: string;
const ada = "11111111-1111-4111-8111-111111111111";
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "behalf-sdk-"));
  const project = await createProject({
    "supabase/migrations/20260101000000_who.sql":
      "create function public.who() returns jsonb language sql stable return auth.jwt() -> 'act';",
  });
  stack = await startStack({ directory, project: project.folder });
  await project.remove();
});
afterAll(async () => {
  await stack?.stop();
  await rm(directory, { recursive: true, force: true });
});

describe("versions of @trigger.dev/sdk, in the project and its worker", () => {
  test.each(versions)("%s", async (version) => {
    const project = await createProject({
      "package.json": JSON.stringify({ private: true, type: "module" }),
      "trigger.config.ts": `import { defineConfig } from "@trigger.dev/sdk";
export default defineConfig({ project: "proj_versions", dirs: ["./trigger"], maxDuration: 60 });`,
      "trigger/tasks.ts": tasks,
    });
    const install = ["install", "--no-audit", "--no-fund", `@trigger.dev/sdk@${version}`];
    await promisify(execFile)("npm", install, { cwd: project.folder });
    const { publishableKey, jwtSecret } = stack.keys;
    const runtime = await startRuntime({
      project: project.folder,
      directory: join(project.folder, ".behalf"),
      adminDatabaseUrl: stack.adminDatabaseUrl,
      environment: {
        SUPABASE_URL: stack.url,
        SUPABASE_PUBLISHABLE_KEY: publishableKey,
        SUPABASE_JWT_SECRET: jwtSecret,
      },
    });
    try {
      expect(runtime.problems()).toEqual([]);
      const run = async (task: string, payload: unknown) =>
        runtime.waitForRun((await runtime.trigger(task, payload)).id);
      expect(await run("flaky", {})).toMatchObject({ status: "COMPLETED", output: 3, attempts: 3 });
      expect(await run("aborts", {})).toMatchObject({
        status: "FAILED",
        attempts: 1,
        error: { message: "enough" },
      });
      const asUser = await run("user", { userId: ada });
      expect(asUser, JSON.stringify(asUser.error)).toMatchObject({
        status: "COMPLETED",
        output: { sub: "user", run: asUser.id, attempt: 1 },
      });
      const parent = await run("parent", {});
      expect(parent, JSON.stringify(parent.error)).toMatchObject({
        status: "COMPLETED",
        metadata: { stage: "children" },
        output: {
          one: { year: 2026, attempt: 1 },
          two: [2025, 2024],
          answered: true,
          same: true,
          local: "parent",
        },
      });
    } finally {
      await runtime.stop();
      await project.remove();
    }
  });
});
