import { runs, tasks } from "@trigger.dev/sdk";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startTestRuntime, type TestRuntime } from "../test-support.js";

let at: TestRuntime;

beforeAll(async () => {
  at = await startTestRuntime({
    "tasks.ts": `
export const talk = task({ id: "talk", retry: { maxAttempts: 2, minTimeoutInMs: 1, maxTimeoutInMs: 1 }, run: async ({ who }: { who: string }, { ctx }) => {
  logger.info("hello", { who, nul: "\\0", since: new Date(0) });
  console.warn("from the console of", who);
  if (ctx.attempt.number === 1) throw new Error("once");
} });
export const echo = task({ id: "echo", run: async (payload: unknown) => payload });
export const gated = task({ id: "gated", run: async ({ gate }: { gate: string }) => { await until(gate); } });
`,
  });
});

afterAll(() => at.stop());

const poll = { pollIntervalMs: 50 };

interface Logged {
  id: string;
  kind: string;
  level: string | null;
  message: string;
  properties: unknown;
}

async function eventsOf(run: string, after = "0"): Promise<Logged[]> {
  const response = await fetch(`${at.runtime.apiUrl}/api/v1/runs/${run}/events?after=${after}`, {
    headers: { authorization: `Bearer ${at.runtime.secretKey}` },
  });
  return ((await response.json()) as { events: Logged[] }).events;
}

test("what runs log is kept with each run, in order, through its attempts", async () => {
  const handles = await Promise.all(["ada", "grace"].map((who) => tasks.trigger("talk", { who })));
  for (const [index, { id }] of handles.entries()) {
    await runs.poll(id, poll);
    const who = ["ada", "grace"][index];
    const all = await eventsOf(id);
    // Spans are tested on their own; they come in between.
    const events = all.filter(({ kind }) => kind !== "span");
    expect(events.map(({ kind, level, message }) => [kind, level, message])).toEqual([
      ["log", "info", "hello"],
      ["log", "warn", `from the console of ${who}`],
      ["retrying", "error", "Attempt 1 failed: once"],
      ["log", "info", "hello"],
      ["log", "warn", `from the console of ${who}`],
    ]);
    expect(events[0]?.properties).toEqual({ who, nul: "\ufffd", since: "1970-01-01T00:00:00.000Z" });
    const after = all.findIndex(({ id: event }) => event === events[3]?.id);
    expect(await eventsOf(id, events[3]?.id)).toEqual(all.slice(after + 1));
  }
  expect((await runs.retrieve(handles[0]?.id ?? "")).attemptCount).toBe(2);
});

describe("bulk actions", () => {
  test("cancel the runs of a filter, and no other", async () => {
    const gate = "never";
    const wanted = await tasks.batchTrigger("gated", [{ payload: { gate } }, { payload: { gate } }]);
    const spared = await tasks.trigger("gated", { gate });
    const { id } = await runs.bulk.cancel({ filter: { batch: wanted.batchId }, name: "clean up" });
    expect(await runs.bulk.poll(id, poll)).toMatchObject({
      name: "clean up",
      type: "CANCEL",
      status: "COMPLETED",
      counts: { total: 2, success: 2, failure: 0 },
    });
    const listed = await runs.list({ batch: wanted.batchId });
    for (const run of listed.data) expect((await runs.poll(run.id, poll)).status).toBe("CANCELED");
    expect((await runs.retrieve(spared.id)).isCompleted).toBe(false);
    await runs.cancel(spared.id);
  });

  test("replay named runs, and count those that aren't there", async () => {
    const run = await tasks.trigger("echo", { n: 1 }, { tags: ["bulk"] });
    await runs.poll(run.id, poll);
    const { id } = await runs.bulk.replay({ runIds: [run.id, "run_nowhere"] });
    expect(await runs.bulk.retrieve(id)).toMatchObject({ counts: { total: 2, success: 1, failure: 1 } });
    const { data } = await runs.list({ tag: "bulk" });
    expect(data).toHaveLength(2);
    const listed = await runs.bulk.list({ limit: 1 });
    expect(listed.data.map((one) => one.id)).toEqual([id]);
    expect(listed.hasNextPage()).toBe(true);
  });
});

test("a replay may have another payload, with dates that stay dates", async () => {
  const { id } = await tasks.trigger("echo", { n: 1 });
  await runs.poll(id, poll);
  const replay = await runs.replay(id, { payload: { at: new Date("2026-11-25T00:00:00Z") } });
  const run = await runs.poll(replay.id, poll);
  expect(run.payload).toEqual({ at: "2026-11-25T00:00:00.000Z" });
  const other = await runs.replay(id);
  expect((await runs.poll(other.id, poll)).output).toEqual({ n: 1 });
});

describe("debounced triggers", () => {
  const trigger = (n: number, debounce: { key: string; mode?: "leading" | "trailing"; maxDelay?: string }) =>
    tasks.trigger("echo", { n }, { debounce: { delay: "1h", ...debounce }, tags: [`n:${n}`] });

  test.each([
    ["first", "leading", 1],
    ["last", "trailing", 3],
  ] as const)("are one run, with the data of the %s", async (_, mode, n) => {
    const debounce = { key: `key ${mode}`, mode };
    const first = await trigger(1, debounce);
    const before = await runs.retrieve(first.id);
    for (const more of [2, 3]) expect((await trigger(more, debounce)).id).toBe(first.id);
    const run = await runs.retrieve(first.id);
    expect(run).toMatchObject({ status: "DELAYED", payload: { n }, tags: [`n:${n}`] });
    expect(run.delayedUntil?.getTime()).toBeGreaterThan(before.delayedUntil?.getTime() ?? 0);
    await runs.reschedule(first.id, { delay: new Date() });
    expect((await runs.poll(first.id, poll)).output).toEqual({ n });
    // It has run: the key is free again.
    expect((await trigger(4, debounce)).id).not.toBe(first.id);
  });

  test("are not put off beyond their longest delay, and only with those of the same key and task", async () => {
    const first = await trigger(1, { key: "bounded", maxDelay: "30m" });
    expect((await trigger(2, { key: "bounded", maxDelay: "30m" })).id).not.toBe(first.id);
    expect((await trigger(3, { key: "another" })).id).not.toBe(first.id);
    const batch = await tasks.batchTrigger(
      "echo",
      [1, 2].map((n) => ({ payload: { n }, options: { debounce: { key: "batched", delay: "1h" } } })),
    );
    expect((await runs.list({ batch: batch.batchId })).data).toHaveLength(1);
    await expect(tasks.trigger("echo", {}, { debounce: { key: "k", delay: "soon" } })).rejects.toThrow(
      /Invalid debounce "soon"/,
    );
  });

  test("at the same time are one run", async () => {
    const debounce = { key: "together", delay: "1h" };
    const handles = await Promise.all(
      Array.from({ length: 20 }, (_, n) => tasks.trigger("echo", { n }, { debounce })),
    );
    expect(new Set(handles.map((handle) => handle.id)).size).toBe(1);
  });
});
