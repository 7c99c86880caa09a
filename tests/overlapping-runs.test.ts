import { join } from "node:path";
import { openProject, type StartedProject, startProject } from "@behalf/cli";
import { createBehalf } from "behalf";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createProject, type TestProject } from "./support/projects.ts";

const ada = "11111111-1111-4111-8111-111111111111";
const grace = "22222222-2222-4222-8222-222222222222";
const count = 1_000;

const files = {
  "package.json": JSON.stringify({ type: "module" }),
  "trigger.config.ts": `import { defineConfig } from "@trigger.dev/sdk";
export default defineConfig({ project: "proj_overlapping", dirs: ["./trigger"], maxDuration: 600 });`,
  "supabase/migrations/20260101000000_marks.sql": `create table public.marks (
    run text primary key,
    user_id uuid not null default auth.uid() references auth.users (id)
  );
  alter table public.marks enable row level security;
  create policy "own marks" on public.marks to authenticated using ((select auth.uid()) = user_id);
  grant all on public.marks to authenticated, service_role;`,
  "supabase/seed.sql": `insert into auth.users (id, email) values ('${ada}', 'ada@example.com'), ('${grace}', 'grace@example.com');
  insert into public.marks (run, user_id) values ('of ada', '${ada}'), ('of grace', '${grace}');`,
  "trigger/mark.ts": `import { existsSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { createBehalf } from "behalf";
import { triggerTasks } from "behalf/trigger";
const { userTask } = triggerTasks(createBehalf());
export const mark = userTask({
  id: "mark",
  retry: { maxAttempts: 1 },
  run: async ({ gate }: { userId: string; gate: string }, { ctx, supabase }) => {
    // Every run is in the middle of its work before the first may end.
    while (!existsSync(gate)) await sleep(50);
    const { error } = await supabase.from("marks").insert({ run: ctx.run.id });
    if (error) throw error;
    const { data, error: unseen } = await supabase.from("marks").select("user_id").in("run", [ctx.run.id, "of ada", "of grace"]);
    if (unseen) throw unseen;
    return data.map((row) => row.user_id);
  },
  user: (payload) => payload.userId,
});`,
};

let project: TestProject;
let started: StartedProject;
beforeAll(async () => {
  project = await createProject(files);
  started = await startProject(openProject(project.folder));
});
afterAll(async () => {
  await started?.stop();
  await project?.remove();
});

test(`${count} overlapping runs of two users: no row crosses`, async () => {
  const { runtime, stack } = started;
  const gate = join(project.folder, "go");
  const runs = await Promise.all(
    Array.from({ length: count }, async (_, index) => {
      const userId = index % 2 === 0 ? ada : grace;
      return { userId, ...(await runtime.trigger("mark", { userId, gate })) };
    }),
  );
  await project.write({ go: "" });
  for (const { userId, id } of runs) {
    const ended = await runtime.waitForRun(id);
    // Their own new row and their own seeded one, and nobody else's.
    expect(ended, JSON.stringify(ended.error)).toMatchObject({
      status: "COMPLETED",
      output: [userId, userId],
    });
  }
  const { url, keys } = stack;
  const service = createBehalf({ ...keys, url, environment: {} }).asService({
    reason: "count what the runs wrote",
  });
  const { count: written } = await service.from("marks").select("*", { count: "exact", head: true });
  expect(written).toBe(count + 2);
  for (const batch of Array.from({ length: 10 }, (_, index) => runs.slice(index * 100, index * 100 + 100))) {
    const { data } = await service
      .from("marks")
      .select("run, user_id")
      .in(
        "run",
        batch.map((run) => run.id),
      );
    expect(data).toHaveLength(batch.length);
    const owners = new Map(data?.map((row) => [row.run, row.user_id]));
    for (const { id, userId } of batch) expect(owners.get(id)).toBe(userId);
  }
});
