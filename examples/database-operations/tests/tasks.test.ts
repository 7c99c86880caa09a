// How a project tests its tasks: real Postgres, real policies, the real SDK, data of its own for each test file.
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { type BehalfSuite, startBehalf } from "@behalf/cli/testing";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Database } from "../database.types.ts";
import type { addNewUser } from "../trigger/add-new-user.ts";
import type { guideReadNotes, supabaseDatabaseInsert } from "../trigger/guide/supabase-database-insert.ts";
import type { forgeNote, summariseNotes } from "../trigger/notes.ts";
import type { updateUserSubscription } from "../trigger/update-user-subscription.ts";

const ada = "11111111-1111-4111-8111-111111111111";
const grace = "22222222-2222-4222-8222-222222222222";

let suite: BehalfSuite<Database>;
beforeAll(async () => {
  suite = await startBehalf<Database>({ dir: dirname(dirname(fileURLToPath(import.meta.url))) });
});
afterAll(() => suite?.stop());

test("a new user gets a subscription of their own, and sees no other", async () => {
  const run = await suite.runTask<typeof addNewUser>("add-new-user", { userId: ada });
  expect(run).toMatchObject({ ok: true, output: { message: `New user added successfully: ${ada}` } });
  await suite.expectRows("user_subscriptions", [{ user_id: ada, plan: "hobby" }], { as: ada });
  await suite.expectRows("user_subscriptions", [
    { user_id: ada, plan: "hobby" },
    { user_id: grace, plan: "pro" },
  ]);
});

test("an invalid plan is not tried again, a valid one is written", async () => {
  const invalid = await suite.runTask<typeof updateUserSubscription>("update-user-subscription", {
    userId: grace,
    newPlan: "platinum" as "pro",
  });
  expect(invalid).toMatchObject({ ok: false, attempts: 1 });
  const valid = await suite.runTask<typeof updateUserSubscription>("update-user-subscription", {
    userId: grace,
    newPlan: "enterprise",
  });
  if (!valid.ok) throw new Error(valid.error.message);
  // Typed after the task: a string, not unknown.
  const plan: string = valid.output.plan;
  expect(plan).toBe("enterprise");
});

test("with a grant, as an app would trigger it", async () => {
  const run = await suite.runTask<typeof summariseNotes>("summarise-notes", { userId: ada }, { as: ada });
  expect(run).toMatchObject({ ok: true, output: { wroteAs: ada } });
});

test("nobody writes in another's name", async () => {
  const run = await suite.runTask<typeof forgeNote>("forge-note", { userId: ada, victim: grace });
  expect(run).toMatchObject({
    ok: false,
    status: "FAILED",
    error: { message: expect.stringMatching(/row-level security/) },
  });
});

test("the guide's own tasks run as they are: one is refused by the policy, the other holds the service role", async () => {
  const inserted = await suite.runTask("guide-add-new-user", { userId: grace });
  expect(inserted).toMatchObject({
    ok: false,
    error: { message: expect.stringMatching(/row-level security/) },
  });
  const invalid = await suite.runTask("guide-update-user-subscription", {
    userId: grace,
    newPlan: "platinum",
  });
  expect(invalid).toMatchObject({
    ok: false,
    attempts: 1,
    error: { message: "Invalid plan type: platinum. Allowed types are 'hobby', 'pro', or 'enterprise'" },
  });
  const updated = await suite.runTask("guide-update-user-subscription", { userId: grace, newPlan: "hobby" });
  expect(updated).toMatchObject({ ok: true });
  await suite.expectRows("user_subscriptions", [{ plan: "hobby" }], { as: grace });
});

test("what isn't as expected is told", async () => {
  await expect(suite.expectRows("user_subscriptions", [], { as: grace })).rejects.toThrow(/holds other rows/);
});

test("as the guide writes it: the insert is refused, and the read gives nothing and no error", async () => {
  const insert = await suite.runTask<typeof supabaseDatabaseInsert>("guide-add-new-user", { userId: grace });
  expect(insert).toMatchObject({
    ok: false,
    error: { message: expect.stringMatching(/row-level security|permission denied/) },
  });
  const read = await suite.runTask<typeof guideReadNotes>("guide-read-notes", { userId: ada });
  expect(read).toMatchObject({ ok: true, output: { saw: [], error: null } });
});
