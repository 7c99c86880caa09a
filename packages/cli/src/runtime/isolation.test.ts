import { afterAll, beforeAll, expect, test } from "vitest";
import { startTestRuntime, type TestRuntime } from "./test-support.js";

let t: TestRuntime;

beforeAll(async () => {
  t = await startTestRuntime({
    "identity.ts": `
const Identity = locals.create<string>("identity");
const context = () => (globalThis as never as Record<symbol, Record<string, { ctx: { run: { id: string; tags: string[] } } }>>)[Symbol.for("dev.trigger.ts.api")]!["task-context"]!.ctx;
export const identity = task({
  id: "identity",
  init: async ({ payload }: { payload: { user: string } }) => { locals.set(Identity, payload.user); },
  run: async ({ user }: { user: string }, { ctx }) => {
    leave("started-" + ctx.run.id);
    const seen = new Set<string>();
    metadata.set("user", user);
    const look = () => {
      seen.add(locals.getOrThrow(Identity));
      seen.add(String(metadata.get("user")));
      seen.add(context().run.tags[0]!.slice(5));
      if (context().run.id !== ctx.run.id) seen.add("another run's context");
    };
    look();
    await until("all");
    for (let i = 0; i < 5; i++) {
      await sleep(Math.random() * 20);
      look();
      await new Promise<void>((resolve) => setImmediate(() => { look(); resolve(); }));
      await Promise.all([Promise.resolve().then(look), sleep(1).then(look)]);
    }
    return [...seen];
  },
});
`,
  });
});
afterAll(() => t.stop());

test("1,000 overlapping runs of two users never see each other's locals, metadata or context", async () => {
  const users = ["ada", "grace"];
  const many = Array.from({ length: 1000 }, (_, i) => users[i % 2] as string);
  const ids = await Promise.all(
    many.map(async (user) => (await t.runtime.trigger("identity", { user }, { tags: [`user:${user}`] })).id),
  );
  // All of them are in their run function before any may go on: they do overlap.
  await expect
    .poll(() => t.events.filter((event) => event.type === "run-started").length, { timeout: 120_000 })
    .toBe(1000);
  await t.open("all");
  const ended = await Promise.all(ids.map((id) => t.runtime.waitForRun(id)));
  expect(new Set(ended.map((run) => run.status))).toEqual(new Set(["COMPLETED"]));
  const crossed = ended.filter((run, i) => JSON.stringify(run.output) !== JSON.stringify([many[i]]));
  expect(crossed).toEqual([]);
  expect(ended.every((run, i) => run.metadata.user === many[i])).toBe(true);
  expect(ended.every((run) => run.attempts === 1)).toBe(true);
});
