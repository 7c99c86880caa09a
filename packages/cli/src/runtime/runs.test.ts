import { idempotencyKeys, queues, runs, tasks } from "@trigger.dev/sdk";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { left, startTestRuntime, type TestRuntime } from "./test-support.js";

const poll = { pollIntervalMs: 50 };
let t: TestRuntime;

beforeAll(async () => {
  t = await startTestRuntime({
    "echo.ts": `
export const echo = task({ id: "echo", run: async (payload: unknown, { ctx }) => ({ payload, ctx: { run: ctx.run.id, attempt: ctx.attempt.number, tags: ctx.run.tags, env: ctx.environment.type } }) });
export const dates = task({ id: "dates", run: async (payload: { at: Date }) => ({ isDate: payload.at instanceof Date, at: payload.at }) });
export const odd = task({ id: "odd", run: async () => { const self: unknown[] = []; self.push(self); return { big: 12n, map: new Map([["a", 1n]]), self }; } });
export const nothing = task({ id: "nothing", run: async () => {} });
export const environment = task({ id: "environment", run: async () => ({ names: Object.keys(process.env).sort(), socket: typeof WebSocket }) });
export const gated = task({ id: "gated", run: async ({ gate }: { gate: string }) => { await until(gate); return "through"; } });
export const parent = task({ id: "parent", run: async () => {
  const child = await echo.triggerAndWait("from the parent");
  return child.ok ? child.output.payload : "failed";
} });
export const tagged = task({ id: "tagged", run: async () => { await tags.add("later"); metadata.set("step", 1).increment("count", 2); await metadata.flush(); metadata.append("log", "end"); } });
export const family = task({ id: "family", run: async () => { await tells.triggerAndWait(); return metadata.current(); } });
export const tells = task({ id: "tells", run: async () => { metadata.parent.set("child", "was here"); metadata.root.increment("children", 1); } });
export const both = task({ id: "both", run: async () => { await Promise.all([nothing.triggerAndWait(), nothing.triggerAndWait()]); } });
`,
    "errors.ts": `
const quick = { maxAttempts: 3, minTimeoutInMs: 10, maxTimeoutInMs: 20, factor: 1 };
export const fails = task({ id: "fails", retry: quick, run: async () => { throw new TypeError("as it must"); } });
export const failsWith = task({ id: "fails-with", run: async (message: string) => { throw new Error(message); } });
export const recovers = task({ id: "recovers", retry: quick, run: async (_: void, { ctx }) => { if (ctx.attempt.number < 3) throw new Error("not yet"); return ctx.attempt.number; } });
export const aborts = task({ id: "aborts", retry: quick, run: async () => { throw new AbortTaskRunError("invalid plan"); } });
export const caught = task({ id: "caught", retry: quick, run: async () => { throw new Error("caught"); }, catchError: async () => ({ skipRetrying: true }) });
export const goesOn = task({ id: "goes-on", retry: quick, run: async () => { throw new Error("again"); }, catchError: async () => ({ retryAt: new Date() }) });
export const expires = task({ id: "expires", ttl: 1, run: async () => {} });
export const hooks = task({ id: "hooks", onStart: async () => leave("onStart"), onSuccess: async () => leave("onSuccess"), onComplete: async () => leave("onComplete"), onFailure: async () => leave("onFailure"), run: async () => "fine" });
export const exits = task({ id: "exits", run: async () => { process.exit(3); } });
export const throwsLater = task({ id: "throws-later", run: async () => { setTimeout(() => { throw new Error("from a timer"); }, 1); await until("never"); } });
`,
  });
});
afterAll(() => t.stop());

async function run(id: string, payload?: unknown, options?: object) {
  const handle = await tasks.trigger(id, payload, options);
  return runs.poll(handle.id, poll);
}

describe("triggering", () => {
  test("payload in, output out, with the run's own context", async () => {
    const ended = await run("echo", { deep: ["list", { and: "more" }] }, { tags: ["user:ada", "x"] });
    expect(ended).toMatchObject({
      status: "COMPLETED",
      isSuccess: true,
      attemptCount: 1,
      tags: ["user:ada", "x"],
      output: {
        payload: { deep: ["list", { and: "more" }] },
        ctx: { run: ended.id, attempt: 1, tags: ["user:ada", "x"], env: "DEVELOPMENT" },
      },
    });
  });

  test("dates of a payload are dates in the task, dates of an output in the record", async () => {
    const at = new Date("2026-11-25T10:00:00.000Z");
    const ended = await run("dates", { at });
    expect(ended.output).toEqual({ isDate: true, at: at.toISOString() });
    expect((await t.runtime.waitForRun(ended.id)).output).toEqual({ isDate: true, at });
  });

  test("what JSON can't say is shown as plain JSON", async () => {
    const ended = await run("odd", { n: 5n });
    expect(ended).toMatchObject({
      payload: { n: "5" },
      output: { big: "12", map: [["a", "1"]], self: [null] },
    });
    expect((await t.runtime.waitForRun(ended.id)).output).toMatchObject({ big: 12n });
  });

  test("a plain HTTP client's payload is a JSON value, text too", async () => {
    const answer = await fetch(`${t.runtime.apiUrl}/api/v1/tasks/echo/trigger`, {
      method: "POST",
      headers: { authorization: `Bearer ${t.runtime.secretKey}` },
      body: JSON.stringify({ payload: "plain text" }),
    });
    const ended = await runs.poll(((await answer.json()) as { id: string }).id, poll);
    expect(ended).toMatchObject({ payload: "plain text", output: { payload: "plain text" } });
  });

  test("what the platform refuses is refused", async () => {
    const metadata = { large: "x".repeat(256 * 1024) };
    await expect(tasks.trigger("echo", 1, { metadata })).rejects.toThrow(/Metadata exceeds/);
    await expect(runs.list({ version: "20261126.1" })).rejects.toThrow(/can't list runs by version/);
    const tags = Array.from({ length: 11 }, (_, n) => `tag ${n}`);
    await expect(tasks.trigger("echo", 1, { tags })).rejects.toThrow(/Runs can only have 10 tags/);
  });

  test("a run that is not begun within its task's ttl says so", async () => {
    const queue = { type: "task", name: "expires" } as const;
    await queues.pause(queue);
    const ended = await run("expires");
    await queues.resume(queue);
    expect(ended).toMatchObject({ status: "EXPIRED", ttl: "1" });
    expect(ended.error?.message).toMatch(/TTL \(1\) was reached/);
  });

  test("text that Postgres keeps in no column does no harm", async () => {
    const odd = "nul \u0000, half a pair \ud83d, a whole one 😀, a backslash \\u0000";
    expect((await run("echo", { text: odd })).output).toMatchObject({ payload: { text: odd } });
    const failed = await run("fails-with", odd, { metadata: { odd } });
    expect(failed).toMatchObject({ status: "FAILED" });
    expect(failed.error?.message).toContain("a whole one 😀, a backslash \\u0000");
  });

  test("a task that isn't there is refused, and the tasks that are there are named", async () => {
    await expect(tasks.trigger("no-such-task", {})).rejects.toThrow(/no-such-task.*There are: .*echo/);
  });

  test("what this runtime hasn't is a 404 that names it", async () => {
    const headers = { authorization: `Bearer ${t.runtime.secretKey}` };
    const answer = await fetch(`${t.runtime.apiUrl}/api/v1/no-such-thing`, { headers });
    expect(answer.status).toBe(404);
    expect(await answer.text()).toMatch(/GET \/api\/v1\/no-such-thing/);
  });

  test.each([undefined, "tr_dev_wrong", "a.b.c"])("the key %s opens nothing", async (key) => {
    const headers: Record<string, string> = key ? { authorization: `Bearer ${key}` } : {};
    expect((await fetch(`${t.runtime.apiUrl}/api/v1/runs`, { headers })).status).toBe(401);
  });

  test("an idempotency key gives the same run again, in any scope", async () => {
    const key = await idempotencyKeys.create("once", { scope: "global" });
    const first = await tasks.trigger("nothing", undefined, { idempotencyKey: key });
    const second = await tasks.trigger("nothing", undefined, { idempotencyKey: key });
    expect(second.id).toBe(first.id);
    const other = await tasks.trigger("nothing", undefined, { idempotencyKey: "another" });
    expect(other.id).not.toBe(first.id);
  });

  test("a request that is sent again, its answer having been lost, makes no second run", async () => {
    const send = async () => {
      const answer = await fetch(`${t.runtime.apiUrl}/api/v1/tasks/nothing/trigger`, {
        method: "POST",
        headers: {
          authorization: `Bearer ${t.runtime.secretKey}`,
          "x-trigger-request-idempotency-key": "the-same",
        },
        body: JSON.stringify({ options: {} }),
      });
      return ((await answer.json()) as { id: string }).id;
    };
    const [first, second] = await Promise.all([send(), send()]);
    expect(second).toBe(first);
    expect(await runs.poll(first, poll)).toMatchObject({ status: "COMPLETED", attemptCount: 1 });
    expect(await send()).toBe(first);
    expect((await runs.retrieve(first)).attemptCount).toBe(1);
  });

  test("the environment holds what was given and nothing of the main process's own", async () => {
    process.env.SECRET_OF_THE_MAIN_PROCESS = "x";
    const { output } = await run("environment");
    const { names, socket } = output as { names: string[]; socket: string };
    expect(names).toEqual(expect.arrayContaining(["GATES", "PATH", "TRIGGER_API_URL", "TRIGGER_SECRET_KEY"]));
    expect(names).not.toContain("SECRET_OF_THE_MAIN_PROCESS");
    expect(socket).toBe("function");
  });
});

describe("runs that fail", () => {
  test("retries until the attempts are used up, with the error's name, message and source line", async () => {
    const ended = await run("fails");
    expect(ended).toMatchObject({
      status: "FAILED",
      attemptCount: 3,
      error: { name: "TypeError", message: "as it must" },
    });
    expect(ended.error?.stackTrace).toMatch(/trigger\/errors\.ts:\d+/);
    expect(ended.error?.stackTrace).not.toMatch(/taskExecutor/);
  });

  test("a trigger's maxAttempts wins", async () => {
    expect(await run("fails", undefined, { maxAttempts: 1 })).toMatchObject({
      status: "FAILED",
      attemptCount: 1,
    });
  });

  test("a catchError hook that asks for another attempt gets no more than there are", async () => {
    expect(await run("goes-on")).toMatchObject({ status: "FAILED", attemptCount: 3 });
  });

  test("goes on after failed attempts", async () => {
    expect(await run("recovers")).toMatchObject({ status: "COMPLETED", attemptCount: 3, output: 3 });
  });

  test.each([
    ["aborts", "invalid plan"],
    ["caught", "caught"],
  ])("%s is not retried", async (id, message) => {
    expect(await run(id)).toMatchObject({ status: "FAILED", attemptCount: 1, error: { message } });
  });

  test("hooks run as for a success", async () => {
    await run("hooks");
    expect(["onStart", "onSuccess", "onComplete", "onFailure"].map((name) => left(t, name))).toEqual([
      true,
      true,
      true,
      false,
    ]);
  });

  test.each([
    ["exits", /process\.exit/],
    ["throws-later", /from a timer/],
  ])("%s fails alone: a run beside it goes on", async (id, message) => {
    const beside = await tasks.trigger("gated", { gate: `beside-${id}` });
    await expect.poll(async () => (await runs.retrieve(beside.id)).status).toBe("EXECUTING");
    const ended = await run(id);
    expect(ended).toMatchObject({ status: "CRASHED", attemptCount: 1 });
    expect(ended.error?.message).toMatch(message);
    await t.open(`beside-${id}`);
    expect(await runs.poll(beside.id, poll)).toMatchObject({ status: "COMPLETED", attemptCount: 1 });
  });
});

describe("parents and children", () => {
  test("a parent waits for its child and reads its output", async () => {
    const ended = await run("parent");
    expect(ended).toMatchObject({ status: "COMPLETED", output: "from the parent", attemptCount: 1 });
    const [child] = ended.relatedRuns.children ?? [];
    expect(child).toMatchObject({ taskIdentifier: "echo", depth: 1, triggerFunction: "triggerAndWait" });
    const related = await runs.retrieve(child?.id ?? "");
    expect(related.relatedRuns.parent?.id).toBe(ended.id);
  });

  test("a child changes the metadata of its parent and root", async () => {
    const ended = await run("family");
    expect((await runs.retrieve(ended.id)).metadata).toEqual({ child: "was here", children: 1 });
  });

  test("parallel waits fail, as in production", async () => {
    const ended = await run("both");
    expect(ended.status).toBe("FAILED");
    expect(ended.error?.message).toMatch(/Parallel waits are not supported/);
  });
});

describe("reading and changing runs", () => {
  test("list filters by task, tag and status, and pages both ways", async () => {
    const tag = "for-the-list";
    const ids: string[] = [];
    for (let i = 0; i < 5; i++) ids.unshift((await run("echo", i, { tags: [tag] })).id);
    const first = await runs.list({ tag, taskIdentifier: "echo", status: "COMPLETED", limit: 2 });
    expect(first.data.map((one) => one.id)).toEqual(ids.slice(0, 2));
    const second = await first.getNextPage();
    expect(second.data.map((one) => one.id)).toEqual(ids.slice(2, 4));
    const back = await second.getPreviousPage();
    expect(back.data.map((one) => one.id)).toEqual(ids.slice(0, 2));
    expect((await runs.list({ tag, status: "FAILED" })).data).toEqual([]);
  });

  test("tags and metadata of a run, set in it", async () => {
    const ended = await run("tagged");
    const { tags, metadata } = await runs.retrieve(ended.id);
    expect(tags).toEqual(["later"]);
    expect(metadata).toEqual({ step: 1, count: 2, log: ["end"] });
  });

  test("a delayed run is rescheduled, and a replay is another run of the same payload", async () => {
    const delayed = await tasks.trigger("echo", "later", { delay: "1h" });
    expect((await runs.retrieve(delayed.id)).status).toBe("DELAYED");
    await runs.reschedule(delayed.id, { delay: new Date() });
    const ended = await runs.poll(delayed.id, poll);
    expect(ended.status).toBe("COMPLETED");
    const replay = await runs.replay(delayed.id);
    expect(replay.id).not.toBe(delayed.id);
    expect((await runs.poll(replay.id, poll)).output).toMatchObject({ payload: "later" });
  });
});

test("the program that started the runtime triggers and waits without the SDK", async () => {
  const record = await t.runtime.waitForRun((await t.runtime.trigger("echo", { a: 1 })).id);
  expect(record).toMatchObject({ status: "COMPLETED", attempts: 1, payload: { a: 1 } });
  await expect(t.runtime.waitForRun("run_none")).rejects.toMatchObject({ code: "ERR_RUNTIME_NO_RUN" });
});
