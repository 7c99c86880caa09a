import { auditMigrations } from "behalf/migrations";

export const ada = "11111111-1111-4111-8111-111111111111";
export const grace = "22222222-2222-4222-8222-222222222222";

const migrations = auditMigrations().map(({ name, sql }, index): [string, string] => [
  `supabase/migrations/2025010100000${index}_${name}.sql`,
  sql,
]);

/** A small project with something for each page of the console. */
export const consolePageProject: Record<string, string> = {
  "package.json": '{ "type": "module" }',
  "trigger.config.ts": `import { defineConfig } from "@trigger.dev/sdk";
export default defineConfig({ project: "proj_console", dirs: ["./trigger"], maxDuration: 3600 });`,
  ...Object.fromEntries(migrations),
  "supabase/migrations/20260101000000_notes.sql": `create table public.notes (
    id int generated always as identity primary key, user_id uuid default auth.uid() references auth.users (id), body text
  );
  alter table public.notes enable row level security;
  create policy "own notes" on public.notes to authenticated using ((select auth.uid()) = user_id);
  grant all on public.notes to authenticated, service_role;
  select behalf.audit('public.notes', owner_column => 'user_id');
  create table public.plans (user_id uuid not null default auth.uid(), body text not null);
  alter table public.plans enable row level security;
  create policy "own plans" on public.plans to authenticated using ((select auth.uid()) = user_id);
  grant all on public.plans to authenticated;
  select behalf.narrow('public.plans', strict => true);`,
  "supabase/seed.sql": `insert into auth.users (id, email) values ('${ada}', 'ada@example.com'), ('${grace}', 'grace@example.com');
  insert into public.notes (user_id, body) values
    ('${ada}', 'Ada: check the Bernoulli numbers'), ('${ada}', 'Ada: <img src=x onerror=alert(1)>'), ('${grace}', 'Grace: find the moth');`,
  "trigger/notes.ts": `import { logger, metadata, queue, schedules, task, wait } from "@trigger.dev/sdk";
import { createBehalf } from "behalf";
import { triggerTasks } from "behalf/trigger";
const { userTask, serviceTask } = triggerTasks(createBehalf({ requireGrant: true }));

export const summariseNotes = userTask({
  id: "summarise-notes",
  description: "Summarises a user's notes, seeing what the user sees.",
  jsonSchema: { type: "object", properties: { length: { type: "integer", minimum: 1 } }, required: ["length"] },
  run: async (payload: { length: number; grant?: string }, { supabase }) => {
    const notes = await logger.trace("read notes", async () => {
      const { data } = await supabase.from("notes").select("id, body").throwOnError();
      return logger.trace("rank by length", async () => data.sort((a, b) => b.body.length - a.body.length));
    });
    logger.info("read the notes", { found: notes.length, longest: notes[0]?.body });
    metadata.set("notes", notes.length).set("progress", { step: "write", percent: 80 });
    const body = notes.map((note) => note.body).join("; ").slice(0, payload.length);
    const { data } = await supabase.from("notes").insert({ body }).select("id, user_id").single().throwOnError();
    await supabase.from("notes").update({ body: "Summary: " + body }).eq("id", data.id).throwOnError();
    return { read: notes.length, wrote: data };
  },
});

export const planDay = userTask({
  id: "plan-day",
  retry: { maxAttempts: 1 },
  run: async (_: { grant?: string }, { supabase }) => {
    await supabase.from("plans").insert({ body: "Write to Grace" }).throwOnError();
  },
});

export const countNotes = serviceTask({
  id: "count-notes",
  reason: "nightly statistics over all users",
  run: async (_: unknown, { supabase }) => {
    const { data } = await supabase.from("notes").select("user_id").throwOnError();
    await supabase.from("notes").insert({ body: "There are " + data.length + " notes", user_id: null }).throwOnError();
    return { notes: data.length };
  },
});

export const nightly = schedules.task({
  id: "nightly-digest",
  cron: { pattern: "0 3 * * *", timezone: "Europe/Vienna" },
  run: async () => {},
});

export const awaitApproval = task({
  id: "await-approval",
  queue: queue({ name: "approvals", concurrencyLimit: 5 }),
  run: async (_: unknown) => {
    logger.warn("nobody has approved this yet");
    await wait.for({ hours: 1 });
  },
});

export const fetchRates = task({
  id: "fetch-rates",
  retry: { maxAttempts: 2, minTimeoutInMs: 3_600_000, maxTimeoutInMs: 3_600_000 },
  run: async (_: unknown, { ctx }) => {
    if (ctx.attempt.number === 1) throw new Error("The bank doesn't answer.");
  },
});

export const importNotes = task({
  id: "import-notes",
  run: async (payload: { count: number }) => {
    const results = await countNotes.batchTriggerAndWait(
      Array.from({ length: payload.count }, () => ({ payload: {} })),
    );
    return { imported: results.runs.length };
  },
});
`,
  "trigger/send-invoice.ts": `import { logger, task } from "@trigger.dev/sdk";

interface Customer {
  name: string;
  address?: { street: string; city: string };
}

export const sendInvoice = task({
  id: "send-invoice",
  retry: { maxAttempts: 2, minTimeoutInMs: 100, maxTimeoutInMs: 100, factor: 1 },
  run: async ({ customer }: { customer: Customer }) => {
    logger.info("writes the envelope", { customer: customer.name });
    // Customers from before 2024 have none.
    const address = customer.address as { street: string; city: string };
    const lines = [customer.name, address.street, address.city];
    return { envelope: lines.join("\\n") };
  },
});
`,
};
