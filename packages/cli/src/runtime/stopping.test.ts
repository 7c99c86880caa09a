import { runs, tasks } from "@trigger.dev/sdk";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { left, startTestRuntime, type TestRuntime } from "./test-support.js";

const poll = { pollIntervalMs: 50 };
let t: TestRuntime;

beforeAll(async () => {
  t = await startTestRuntime(
    {
      "stopping.ts": `
export const polite = task({ id: "polite", onCancel: async () => leave("onCancel"), run: async (_: void, { signal }) => { leave("polite"); await sleep(1e8, undefined, { signal }); } });
export const deaf = task({ id: "deaf", run: async () => { leave("deaf"); for (;;) { await sleep(5); leave("deaf-goes-on"); } } });
export const busy = task({ id: "busy", run: async () => { leave("busy"); for (;;); } });
export const busyBriefly = task({ id: "busy-briefly", maxDuration: 5, run: async () => { leave("busy-briefly"); for (;;); } });
export const sleepy = task({ id: "sleepy", maxDuration: 5, run: async () => { leave("sleepy"); await sleep(1e8); } });
export const signalled = task({ id: "signalled", maxDuration: 5, run: async (_: void, { signal }) => { await sleep(1e8, undefined, { signal }).catch(() => {}); leave("signalled"); throw new Error("stopped"); } });
export const beside = task({ id: "beside", run: async ({ gate }: { gate: string }, { ctx }) => { await until(gate); return ctx.attempt.number; } });
export const fatal = task({ id: "fatal", retry: { maxAttempts: 1 }, run: async () => { process.kill(process.pid, "SIGKILL"); await sleep(1e8); } });
export const parent = task({ id: "parent", run: async () => { await beside.triggerAndWait({ gate: "never" }); } });
`,
    },
    { killAfter: 300 },
  );
});
afterAll(() => t.stop());

const started = (name: string) => expect.poll(() => left(t, name)).toBe(true);
const statusOf = async (id: string) => (await runs.retrieve(id)).status;

describe("cancelling", () => {
  test("a run that waits in its queue or for its moment never begins", async () => {
    const { id } = await tasks.trigger("polite", undefined, { delay: "1h" });
    await runs.cancel(id);
    expect(await runs.retrieve(id)).toMatchObject({ status: "CANCELED", attemptCount: 0, isCancelled: true });
  });

  test("code that heeds its signal ends, and its onCancel hook runs", async () => {
    const { id } = await tasks.trigger("polite", undefined);
    await started("polite");
    await runs.cancel(id);
    expect((await runs.poll(id, poll)).status).toBe("CANCELED");
    await started("onCancel");
  });

  test("code that ignores its signal does nothing more, and a run beside it isn't touched", async () => {
    const beside = await tasks.trigger("beside", { gate: "beside-deaf" });
    const { id } = await tasks.trigger("deaf", undefined);
    await started("deaf-goes-on");
    await expect.poll(() => statusOf(beside.id)).toBe("EXECUTING");
    await runs.cancel(id);
    expect((await runs.poll(id, poll)).status).toBe("CANCELED");
    await t.open("beside-deaf");
    expect(await runs.poll(beside.id, poll)).toMatchObject({ status: "COMPLETED", output: 1 });
  });

  test("a busy loop's process is ended; the runs it held are executed again, with the attempt counted", async () => {
    const beside = await tasks.trigger("beside", { gate: "beside-busy" });
    await expect.poll(() => statusOf(beside.id)).toBe("EXECUTING");
    const { id } = await tasks.trigger("busy", undefined);
    await started("busy");
    await runs.cancel(id);
    expect(await runs.poll(id, poll)).toMatchObject({ status: "CANCELED", attemptCount: 1 });
    await t.open("beside-busy");
    expect(await runs.poll(beside.id, poll)).toMatchObject({
      status: "COMPLETED",
      output: 2,
      attemptCount: 2,
    });
  });

  test("a parent that waits, and its child with it", async () => {
    const { id } = await tasks.trigger("parent", undefined);
    await expect.poll(() => statusOf(id)).toBe("WAITING");
    const [child] = (await runs.retrieve(id)).relatedRuns.children ?? [];
    await runs.cancel(id);
    expect((await runs.poll(id, poll)).status).toBe("CANCELED");
    expect((await runs.poll(child?.id ?? "", poll)).status).toBe("CANCELED");
  });
});

describe("maxDuration", () => {
  test.each(["busy-briefly", "sleepy", "signalled"])("ends %s", async (id) => {
    const handle = await tasks.trigger(id, undefined);
    const ended = await runs.poll(handle.id, poll);
    expect(ended).toMatchObject({ status: "TIMED_OUT", attemptCount: 1, isFailed: true });
    expect(ended.error?.message).toMatch(/maxDuration.* 5 seconds/);
  });
});

test("the server stops without waiting for what a run waits for, and the next one goes on with it", async () => {
  const { id } = await tasks.trigger("parent", undefined);
  await expect.poll(() => statusOf(id)).toBe("WAITING");
  await t.restart();
  await expect.poll(() => statusOf(id)).toBe("WAITING");
  await runs.cancel(id);
  expect((await runs.poll(id, poll)).status).toBe("CANCELED");
});

test("a run that takes its process with it crashes at last, and no run beside it does", async () => {
  const beside = await tasks.trigger("beside", { gate: "fatal-crashed" });
  await expect.poll(() => statusOf(beside.id)).toBe("EXECUTING");
  const fatal = await tasks.trigger("fatal", undefined);
  expect(await runs.poll(fatal.id, poll)).toMatchObject({
    status: "CRASHED",
    error: { message: expect.stringContaining("at last with signal SIGKILL while it executed nothing else") },
  });
  await t.open("fatal-crashed");
  expect((await runs.poll(beside.id, poll)).status).toBe("COMPLETED");
});

test("a run is cancelled while the process that it has for itself begins", async () => {
  const { id } = await tasks.trigger("fatal", undefined);
  const begins = { type: "run-started", id, attempt: 3 };
  await expect.poll(() => t.events).toContainEqual(expect.objectContaining(begins));
  await runs.cancel(id);
  expect(await runs.poll(id, poll)).toMatchObject({ status: "CANCELED", attemptCount: 3 });
});

test("four runs at a time have processes for themselves, and keep no other from its place", async () => {
  const handles = await Promise.all(
    Array.from({ length: 6 }, () => tasks.trigger("beside", { gate: "alone" }, { delay: "1h" })),
  );
  const ids = handles.map(({ id }) => id);
  const url = new URL(t.stack.adminDatabaseUrl);
  url.pathname = "/behalf_runtime";
  const client = new pg.Client({ connectionString: url.href });
  await client.connect();
  await client.query("update runtime.runs set lost_count = 2, ready_at = now() where id = any ($1)", [ids]);
  await client.end();
  const executing = async () =>
    (await Promise.all(ids.map(statusOf))).filter((one) => one === "EXECUTING").length;
  await expect.poll(executing).toBe(4);
  // Claimed after them, and so after a look that left two where they are.
  await t.open("by-the-way");
  const other = await tasks.trigger("beside", { gate: "by-the-way" });
  expect(await runs.poll(other.id, poll)).toMatchObject({ status: "COMPLETED", attemptCount: 1 });
  expect(await executing()).toBe(4);
  await t.open("alone");
  for (const id of ids) expect((await runs.poll(id, poll)).status).toBe("COMPLETED");
});
