import { inspect } from "node:util";
import { openProject, type StartedProject, startProject } from "@behalf/cli";
import { Client, escapeIdentifier } from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createProject, type TestProject } from "./support/projects.ts";

const ada = "11111111-1111-4111-8111-111111111111";

// Every way by which task code lets go of what it holds, on purpose or not.
const files = {
  "package.json": JSON.stringify({ type: "module" }),
  "trigger.config.ts": `import { defineConfig } from "@trigger.dev/sdk";
export default defineConfig({ project: "proj_canaries", dirs: ["./trigger"], maxDuration: 60 });`,
  "supabase/seed.sql": `insert into auth.users (id, email) values ('${ada}', 'ada@example.com');`,
  "trigger/leaks.ts": `import { inspect } from "node:util";
import { locals, logger, metadata, task } from "@trigger.dev/sdk";
import { createBehalf } from "behalf";
import { triggerTasks } from "behalf/trigger";
const behalf = createBehalf();
const { userTask, serviceTask } = triggerTasks(behalf);
const held = locals.create("client");
const user = (payload: { userId: string }) => payload.userId;
const retry = { maxAttempts: 1 };

function leak(supabase: object) {
  locals.set(held, supabase);
  metadata.set("client", JSON.parse(JSON.stringify({ supabase, behalf })));
  logger.info("a client", { supabase, behalf } as never);
  console.log(supabase, behalf, inspect(supabase, { depth: 9 }), JSON.stringify({ supabase, behalf }));
}
export const asOutput = userTask({ id: "as-output", retry, run: async (_: { userId: string }, { supabase }) => { leak(supabase); return { supabase, behalf, query: supabase.from("nothing").select() }; }, user });
export const asService = serviceTask({ id: "as-service", retry, reason: "a canary", run: async (_: { userId: string }, { supabase }) => { leak(supabase); return { supabase, query: supabase.from("nothing").select() }; } });
export const asError = userTask({ id: "as-error", retry, run: async (_: { userId: string }, { supabase }) => { const { error } = await supabase.from("nothing").select(); throw Object.assign(new Error("failed: " + inspect({ supabase, behalf, error }, { depth: 9 })), { supabase, error }); }, user });
export const asInit = task({ id: "as-init", retry, init: async (payload: { userId: string }) => ({ supabase: await behalf.asUser(payload.userId) }), run: async (_payload: { userId: string }, { init }) => ({ init }) });
export const misused = task({ id: "misused", retry, run: async ({ userId }: { userId: string }) => { await behalf.asUser(userId, { role: "service_role", claims: { note: process.env.SUPABASE_JWT_SECRET! } }); } });
`,
};

let project: TestProject;
let started: StartedProject;
const events: unknown[] = [];
beforeAll(async () => {
  project = await createProject(files);
  started = await startProject(openProject(project.folder), { onEvent: (event) => events.push(event) });
});
afterAll(async () => {
  await started?.stop();
  await project?.remove();
});

/** Everything that the runtime's database holds, as text. */
async function dump(): Promise<string> {
  const url = new URL(started.stack.adminDatabaseUrl);
  url.pathname = "/behalf_runtime";
  const client = new Client({ connectionString: url.href });
  await client.connect();
  const { rows: tables } = await client.query<{ schema: string; name: string }>(
    "select schemaname as schema, tablename as name from pg_tables where schemaname not in ('pg_catalog', 'information_schema')",
  );
  const parts: string[] = [];
  for (const { schema, name } of tables) {
    const { rows } = await client.query(
      `select t::text as row from ${escapeIdentifier(schema)}.${escapeIdentifier(name)} as t`,
    );
    parts.push(...rows.map(({ row }) => `${name}: ${row}`));
  }
  await client.end();
  return parts.join("\n");
}

test("no key and no token is in an output, an error, a log line, metadata or any row of the runtime", async () => {
  const { runtime, stack } = started;
  const statuses: Record<string, string> = {};
  const records: unknown[] = [];
  for (const id of ["as-output", "as-service", "as-error", "as-init", "misused"]) {
    const run = await runtime.waitForRun((await runtime.trigger(id, { userId: ada })).id);
    statuses[id] = run.status;
    records.push(run);
  }
  // They did run: an empty haystack holds no needle.
  expect(statuses).toMatchObject({
    "as-output": "COMPLETED",
    "as-service": "COMPLETED",
    "as-error": "FAILED",
    misused: "FAILED",
  });
  await expect.poll(() => JSON.stringify(events)).toMatch(/a client/);
  const haystack = [
    await dump(),
    JSON.stringify(events),
    inspect(records, { depth: 20 }),
    JSON.stringify(records),
  ].join("\n");
  expect(haystack).toMatch(/as-error/);

  const { secretKey, serviceRoleKey, jwtSecret, signingKeys } = stack.keys;
  const canaries = { secretKey, serviceRoleKey, jwtSecret, signingKey: signingKeys[0]?.d ?? "" };
  for (const [name, canary] of Object.entries(canaries)) {
    expect(canary.length, name).toBeGreaterThan(20);
    expect(haystack.includes(canary), name).toBe(false);
  }
  // Nor a user's token: three parts, of which the second names her.
  const tokens = haystack.match(/eyJ[\w-]+\.eyJ[\w-]+\.[\w-]+/g) ?? [];
  const ofAda = tokens.filter((token) =>
    Buffer.from(token.split(".")[1] ?? "", "base64url")
      .toString()
      .includes(ada),
  );
  expect(ofAda).toEqual([]);
});
