import { runs, tasks } from "@trigger.dev/sdk";
import { afterAll, beforeAll, expect, test } from "vitest";
import { prelude, startTestRuntime, type TestRuntime } from "./test-support.js";

const poll = { pollIntervalMs: 50 };
const lines = prelude.split("\n").length - 1;
let t: TestRuntime;

beforeAll(async () => {
  t = await startTestRuntime({
    "good.ts": `import { words } from "../lib/words.js";
export const good = task({ id: "good", run: async () => words });
export const gated = task({ id: "gated", run: async ({ gate }: { gate: string }) => { await until(gate); return "old code"; } });
`,
    "syntax.ts": `export const broken = task({ id: "broken", run: async () => { return 1 +; } });`,
    "throws.ts": `
export const early = task({ id: "early", run: async () => 1 });
throw new Error("at import");`,
    "exits.ts": `process.exit(7);`,
    "twice.ts": `
export const again = task({ id: "good", run: async () => "the other" });`,
    "types.d.ts": `export declare const nothing: 1;`,
    "good.test.ts": `throw new Error("a test file is no task file");`,
    "../lib/words.ts": `export const words = "first";`,
  });
});
afterAll(() => t.stop());

test("bad files are reported with file and line, and the rest goes on", async () => {
  expect(
    t.runtime
      .tasks()
      .map((task) => task.id)
      .sort(),
  ).toEqual(["early", "gated", "good"]);
  const problems = t.runtime.problems();
  expect(problems).toContainEqual(expect.objectContaining({ file: "trigger/syntax.ts", line: lines + 1 }));
  expect(problems).toContainEqual({ file: "trigger/throws.ts", line: lines + 3, message: "at import" });
  expect(problems.find((problem) => problem.file === "trigger/exits.ts")?.message).toMatch(/process\.exit/);
  const twice = problems.find((problem) => problem.file === "trigger/twice.ts");
  expect(twice).toMatchObject({
    line: lines + 2,
    message: expect.stringMatching(/"good".*trigger\/good\.ts/),
  });
  expect(problems).toHaveLength(4);
  expect((await runs.poll((await tasks.trigger("good", undefined)).id, poll)).output).toBe("first");
});

test("a change is taken by itself; a run in flight ends on the code it began with", async () => {
  const inFlight = await tasks.trigger("gated", { gate: "reload" });
  await expect.poll(async () => (await runs.retrieve(inFlight.id)).status).toBe("EXECUTING");
  await t.write({
    "lib/words.ts": `export const words = "second";`,
    "trigger/syntax.ts": `${prelude}export const broken = task({ id: "broken", run: async () => "mended" });`,
    "trigger/good.ts": `${prelude}import { words } from "../lib/words.js";
export const good = task({ id: "good", run: async () => words });
export const gated = task({ id: "gated", run: async () => "new code" });`,
  });
  await expect.poll(() => t.runtime.tasks().map((task) => task.id)).toContain("broken");
  await expect
    .poll(async () => (await runs.poll((await tasks.trigger("good", undefined)).id, poll)).output)
    .toBe("second");
  const fresh = await tasks.trigger("gated", { gate: "unused" });
  expect((await runs.poll(fresh.id, poll)).output).toBe("new code");
  await t.open("reload");
  expect(await runs.poll(inFlight.id, poll)).toMatchObject({ output: "old code", attemptCount: 1 });
});

test("a queued run of a task that vanished waits until it is there again", async () => {
  const { id } = await tasks.trigger("early", undefined, { delay: "1h" });
  const source = `${prelude}export const early = task({ id: "early", run: async () => "back" });`;
  await t.write({ "trigger/throws.ts": "export {};" });
  await t.runtime.reload();
  expect(t.runtime.tasks().map((task) => task.id)).not.toContain("early");
  await runs.reschedule(id, { delay: new Date() });
  await t.runtime.reload();
  await expect.poll(async () => (await runs.retrieve(id)).status).toBe("PENDING_VERSION");
  await t.write({ "trigger/throws.ts": source });
  expect((await runs.poll(id, poll)).output).toBe("back");
});
