import { join } from "node:path";
import { openProject, startProject } from "@behalf/cli";
import { createBehalf } from "behalf";
import { expect } from "vitest";
import { createProject } from "./projects.ts";

const idOf = (user: number) => `11111111-1111-4111-8111-${String(user).padStart(12, "0")}`;

const files = (users: string[]) => ({
  "package.json": JSON.stringify({ type: "module" }),
  "trigger.config.ts": `import { defineConfig } from "@trigger.dev/sdk";
export default defineConfig({ project: "proj_overlapping", dirs: ["./trigger"], maxDuration: 3600 });`,
  "supabase/migrations/20260101000000_marks.sql": `create table public.marks (
    run text primary key,
    user_id uuid not null default auth.uid() references auth.users (id)
  );
  alter table public.marks enable row level security;
  create policy "own marks" on public.marks to authenticated using ((select auth.uid()) = user_id);
  grant all on public.marks to authenticated, service_role;`,
  "supabase/seed.sql": users
    .map(
      (id, index) => `insert into auth.users (id, email) values ('${id}', 'user-${index}@example.com');
        insert into public.marks (run, user_id) values ('seed-${index}', '${id}');`,
    )
    .join("\n"),
  "trigger/mark.ts": `import { existsSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { locals, metadata } from "@trigger.dev/sdk";
import { createBehalf } from "behalf";
import { triggerTasks } from "behalf/trigger";
const { userTask } = triggerTasks(createBehalf());
const who = locals.create<string>("who");
export const mark = userTask({
  id: "mark",
  retry: { maxAttempts: 1 },
  run: async ({ userId, gate }: { userId: string; gate: string }, { ctx, supabase }) => {
    locals.set(who, userId);
    metadata.set("who", userId);
    // Every run is in the middle of its work before the first may end.
    while (!existsSync(gate)) await sleep(200);
    const { error } = await supabase.from("marks").insert({ run: ctx.run.id });
    if (error) throw error;
    const { data, error: unseen } = await supabase.from("marks").select("user_id").or("run.eq." + ctx.run.id + ",run.like.seed-*");
    if (unseen) throw unseen;
    return { seen: data.map((row) => row.user_id), local: locals.get(who), metadata: metadata.get("who") };
  },
  user: (payload) => payload.userId,
});`,
});

/** Runs `count` runs of `userCount` users, all in the middle of their work at once, and asserts that no row, local or metadata crosses. */
export async function expectNothingCrosses(count: number, userCount: number): Promise<void> {
  const users = Array.from({ length: userCount }, (_, index) => idOf(index));
  const project = await createProject(files(users));
  try {
    const started = await startProject(openProject(project.folder));
    try {
      const { runtime, stack } = started;
      const gate = join(project.folder, "go");
      const runs = await Promise.all(
        Array.from({ length: count }, async (_, index) => {
          const userId = users[index % userCount] ?? "";
          return { userId, ...(await runtime.trigger("mark", { userId, gate })) };
        }),
      );
      await project.write({ go: "" });
      for (const { userId, id } of runs) {
        const ended = await runtime.waitForRun(id);
        expect(ended, JSON.stringify(ended.error)).toMatchObject({
          status: "COMPLETED",
          // Their own new row and their own seeded one, and nobody else's.
          output: { seen: [userId, userId], local: userId, metadata: userId },
        });
      }
      const { url, keys } = stack;
      const service = createBehalf({ ...keys, url, environment: {} }).asService({
        reason: "count what the runs wrote",
      });
      const { count: written } = await service.from("marks").select("*", { count: "exact", head: true });
      expect(written).toBe(count + userCount);
      for (let from = 0; from < runs.length; from += 100) {
        const some = runs.slice(from, from + 100);
        const { data } = await service
          .from("marks")
          .select("run, user_id")
          .in(
            "run",
            some.map((run) => run.id),
          );
        const owners = new Map(data?.map((row) => [row.run, row.user_id]));
        for (const { id, userId } of some) expect(owners.get(id)).toBe(userId);
      }
    } finally {
      await started.stop();
    }
  } finally {
    await project.remove();
  }
}
