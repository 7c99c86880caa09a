import { batch, idempotencyKeys, runs, streams, tasks, wait } from "@trigger.dev/sdk";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { left, startTestRuntime, type TestRuntime } from "../test-support.js";

let at: TestRuntime;

beforeAll(async () => {
  at = await startTestRuntime({
    "children.ts": `
export const double = task({ id: "double", run: async ({ n }: { n: number }) => n * 2 });
export const greet = task({ id: "greet", run: async ({ name, at }: { name: string; at?: Date }) => ({ hello: name, year: at?.getFullYear() }) });
export const fail = task({ id: "fail", retry: { maxAttempts: 1 }, run: async () => { throw new Error("on purpose"); } });
export const gated = task({ id: "gated", run: async ({ gate }: { gate: string }) => { await until(gate); return gate; } });
`,
    "parents.ts": `
import { double, fail, greet } from "./children.js";
export const sum = task({ id: "sum", run: async ({ count }: { count: number }) => {
  const { runs } = await double.batchTriggerAndWait(Array.from({ length: count }, (_, n) => ({ payload: { n } })));
  return runs.map((run) => (run.ok ? run.output : "failed"));
} });
export const mixed = task({ id: "mixed", run: async () => {
  const byTask = await sdk.batch.triggerByTaskAndWait([
    { task: greet, payload: { name: "Ada" } }, { task: fail, payload: undefined }, { task: double, payload: { n: 21 } },
  ]);
  const byId = await sdk.batch.triggerAndWait([{ id: "double", payload: { n: 1 } }]);
  return [...byTask.runs, ...byId.runs].map((run) => (run.ok ? run.output : String((run.error as Error).message)));
} });
export const both = task({ id: "both", retry: { maxAttempts: 1 }, run: async () => {
  await Promise.all([double.triggerAndWait({ n: 1 }), double.triggerAndWait({ n: 2 })]);
} });
`,
    "waits.ts": `
export const approval = task({ id: "approval", run: async ({ token }: { token: string }) => {
  leave("asked " + token);
  const result = await wait.forToken<{ by: string }>(token);
  return result.ok ? { by: result.output.by } : { error: result.error.name };
} });
export const pause = task({ id: "pause", run: async ({ ms }: { ms: number }) => {
  const before = Date.now();
  await wait.until({ date: new Date(before + ms) });
  return Date.now() - before >= ms;
} });
const approvals = sdk.streams.input<{ approved: boolean }>({ id: "approvals" });
export const listener = task({ id: "listener", run: async ({ suspend }: { suspend: boolean }, { ctx }) => {
  leave("listening " + ctx.run.id);
  const first = suspend ? await approvals.wait() : await approvals.once();
  return first.ok ? first.output : "timed out";
} });
`,
  });
});

afterAll(() => at.stop());

/** Runs a task to its end. */
async function outputOf(task: string, payload: unknown): Promise<unknown> {
  const { id } = await tasks.trigger(task, payload);
  const run = await runs.poll(id, { pollIntervalMs: 50 });
  expect(run).toMatchObject({ status: "COMPLETED" });
  return run.output;
}

describe("batches", () => {
  test("make a run of each item, in order, and say how far they are", async () => {
    const gate = "batch";
    const handle = await tasks.batchTrigger("gated", [{ payload: { gate } }, { payload: { gate } }]);
    expect(await batch.retrieve(handle.batchId)).toMatchObject({ status: "PROCESSING", runCount: 2 });
    await at.open(gate);
    await expect.poll(async () => (await batch.retrieve(handle.batchId)).status).toBe("COMPLETED");
    const { runs: ids } = await batch.retrieve(handle.batchId);
    const listed = await runs.list({ batch: handle.batchId });
    expect(listed.data.map((run) => run.id).sort()).toEqual([...ids].sort());
  });

  test("give their results in the order of the items", async () => {
    const count = 30;
    expect(await outputOf("sum", { count })).toEqual(Array.from({ length: count }, (_, n) => n * 2));
  });

  test("hold several tasks, by task and by id, and tell the failed from the others", async () => {
    expect(await outputOf("mixed", {})).toEqual([{ hello: "Ada" }, "on purpose", 42, 2]);
  });

  test("come as a stream of items, with dates that stay dates", async () => {
    async function* items() {
      for (const name of ["a", "b", "c"]) {
        yield { id: "greet" as const, payload: { name, at: new Date("2026-11-25T12:00:00Z") } };
      }
    }
    const { batchId, runCount } = await batch.trigger(items());
    expect(runCount).toBe(3);
    const { runs: ids } = await batch.retrieve(batchId);
    const outputs = await Promise.all(
      ids.map(async (id) => (await runs.poll(id, { pollIntervalMs: 50 })).output as unknown),
    );
    expect(outputs).toEqual(["a", "b", "c"].map((hello) => ({ hello, year: 2026 })));
  });

  test("are made once for each idempotency key, and so are their items", async () => {
    const idempotencyKey = await idempotencyKeys.create("one batch", { scope: "global" });
    const trigger = () => tasks.batchTrigger("double", [{ payload: { n: 1 } }], { idempotencyKey });
    expect((await trigger()).batchId).toBe((await trigger()).batchId);
    const item = await idempotencyKeys.create("one item", { scope: "global" });
    const options = { idempotencyKey: item };
    const { batchId } = await tasks.batchTrigger("double", [
      { payload: { n: 1 }, options },
      { payload: { n: 1 }, options },
    ]);
    const { runs: ids } = await batch.retrieve(batchId);
    expect(ids[0]).toBe(ids[1]);
  });

  test("refuse a task that isn't there, an item too many, and no items", async () => {
    const post = (path: string, body: string) =>
      fetch(`${at.runtime.apiUrl}${path}`, {
        method: "POST",
        headers: { authorization: `Bearer ${at.runtime.secretKey}`, "content-type": "application/x-ndjson" },
        body,
      });
    await expect(tasks.batchTrigger("nowhere", [{ payload: {} }])).rejects.toThrow(
      /There is no task "nowhere"/,
    );
    expect((await post("/api/v3/batches", JSON.stringify({ runCount: 0 }))).status).toBe(400);
    const { id } = (await (await post("/api/v3/batches", JSON.stringify({ runCount: 1 }))).json()) as {
      id: string;
    };
    const item = (index: number) => `${JSON.stringify({ index, task: "double", payload: '{"n":1}' })}\n`;
    expect((await post(`/api/v3/batches/${id}/items`, item(1))).status).toBe(400);
    expect((await post(`/api/v3/batches/${id}/items`, "not json\n")).status).toBe(400);
    // Sent twice, as after a cut connection: the second changes nothing.
    expect(await (await post(`/api/v3/batches/${id}/items`, item(0))).json()).toMatchObject({
      itemsAccepted: 1,
      sealed: true,
    });
    expect(await (await post(`/api/v3/batches/${id}/items`, item(0))).json()).toMatchObject({
      itemsAccepted: 0,
      itemsDeduplicated: 1,
    });
  });
});

test("waits at the same time fail, as in production", async () => {
  const { id } = await tasks.trigger("both", {});
  const run = await runs.poll(id, { pollIntervalMs: 50 });
  expect(run.status).toBe("FAILED");
  expect(run.error?.message).toMatch(/Parallel waits are not supported/);
});

describe("tokens", () => {
  test("let a run go on with what they were completed with", async () => {
    const token = await wait.createToken({ tags: ["invoice:1"], timeout: "1h" });
    const { id } = await tasks.trigger("approval", { token: token.id });
    await expect.poll(async () => (await runs.retrieve(id)).status).toBe("WAITING");
    expect(await wait.retrieveToken(token)).toMatchObject({ status: "WAITING", tags: ["invoice:1"] });
    await wait.completeToken(token, { by: "ada" });
    expect((await runs.poll(id, { pollIntervalMs: 50 })).output).toEqual({ by: "ada" });
    expect(await wait.retrieveToken(token)).toMatchObject({ status: "COMPLETED", output: { by: "ada" } });
  });

  test("time out, and say so to the run", async () => {
    const token = await wait.createToken({ timeout: new Date(Date.now() + 500) });
    expect(await outputOf("approval", { token: token.id })).toEqual({ error: "WaitpointTimeoutError" });
    // Too late: it stays as it is.
    await wait.completeToken(token, { by: "ada" });
    expect(await wait.retrieveToken(token)).toMatchObject({ status: "TIMED_OUT" });
  });

  test("are completed by a post to their URL, and to no other", async () => {
    const token = await wait.createToken();
    const body = JSON.stringify({ by: "webhook" });
    const forged = await fetch(
      token.url.replace(/.$/, (last) => (last === "0" ? "1" : "0")),
      { method: "POST", body },
    );
    expect(forged.status).toBe(404);
    const { id } = await tasks.trigger("approval", { token: token.id });
    expect((await fetch(token.url, { method: "POST", body })).status).toBe(200);
    expect((await runs.poll(id, { pollIntervalMs: 50 })).output).toEqual({ by: "webhook" });
  });

  test("are made once for each idempotency key, and listed by status and tag", async () => {
    const options = { idempotencyKey: "the invoice", tags: "listed" };
    const first = await wait.createToken(options);
    expect(await wait.createToken(options)).toMatchObject({ id: first.id, isCached: true });
    const second = await wait.createToken({ tags: "listed" });
    await wait.completeToken(second, {});
    const ids = async (params: Parameters<typeof wait.listTokens>[0]) => {
      const found: string[] = [];
      for await (const token of wait.listTokens(params)) found.push(token.id);
      return found;
    };
    expect(await ids({ tags: "listed", limit: 1 })).toEqual([second.id, first.id]);
    const page = await wait.listTokens({ tags: "listed", limit: 1 });
    const back = await (await page.getNextPage()).getPreviousPage();
    expect(back.data.map(({ id }) => id)).toEqual([second.id]);
    expect(await ids({ tags: "listed", status: "WAITING" })).toEqual([first.id]);
    expect(await ids({ idempotencyKey: "the invoice" })).toEqual([first.id]);
  });

  test("that aren't there fail the run that waits for them", async () => {
    const { id } = await tasks.trigger("approval", { token: "waitpoint_nowhere" }, { maxAttempts: 1 });
    expect((await runs.poll(id, { pollIntervalMs: 50 })).error?.message).toMatch(/Waitpoint not found/);
  });
});

test("a wait for a moment frees the run's slot and goes on then", async () => {
  const { id } = await tasks.trigger("pause", { ms: 6000 });
  await expect.poll(() => at.events.some((e) => e.type === "run-waiting" && e.id === id)).toBe(true);
  expect((await runs.poll(id, { pollIntervalMs: 50 })).output).toBe(true);
});

describe("input streams", () => {
  const approvals = streams.input<{ approved: boolean }>({ id: "approvals" });

  test.each([
    ["listens", false],
    ["is suspended", true],
  ])("reach a run that %s", async (_, suspend) => {
    const { id } = await tasks.trigger("listener", { suspend });
    await expect.poll(() => left(at, `listening ${id}`)).toBe(true);
    await approvals.send(id, { approved: true });
    expect((await runs.poll(id, { pollIntervalMs: 50 })).output).toEqual({ approved: true });
  });
});
