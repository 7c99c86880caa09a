import { batch, runs, streams, tasks } from "@trigger.dev/sdk";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startTestRuntime, type TestRuntime } from "../test-support.js";

let at: TestRuntime;

beforeAll(async () => {
  at = await startTestRuntime({
    "tasks.ts": `
export const steps = task({ id: "steps", run: async ({ gate }: { gate: string }) => {
  metadata.set("step", 1);
  await metadata.flush();
  await until(gate);
  metadata.set("step", 2);
  return { done: true };
} });
export const writer = task({ id: "writer", run: async ({ gate }: { gate: string }) => {
  const { waitUntilComplete } = sdk.streams.pipe("words", (async function* () {
    yield { word: "one" };
    await until(gate);
    yield { word: "two\\nlines" };
  })());
  await waitUntilComplete();
  await sdk.streams.append("words", "appended");
} });
export const through = task({ id: "through", run: async () => {
  const stream = await metadata.stream("numbers", (async function* () { yield 1; yield 2; })());
  let sum = 0;
  for await (const number of stream) sum += number;
  return sum;
} });
export const large = task({ id: "large", run: async ({ text }: { text: string }) => ({ length: text.length, text }) });
`,
  });
});

afterAll(() => at.stop());

test("a subscription to a run shows its metadata and its end, and then ends", async () => {
  const gate = "steps";
  const { id } = await tasks.trigger("steps", { gate }, { tags: ["subscribed"] });
  const seen: unknown[] = [];
  for await (const run of runs.subscribeToRun(id)) {
    expect(run.tags).toEqual(["subscribed"]);
    seen.push(run.metadata?.step);
    if (run.metadata?.step === 1) await at.open(gate);
    if (run.isCompleted) expect(run).toMatchObject({ status: "COMPLETED", output: { done: true } });
  }
  expect(seen).toContain(1);
  expect(seen.at(-1)).toBe(2);
});

test("a subscription to a tag shows runs that come later, and only those with the tag", async () => {
  const subscription = runs.subscribeToRunsWithTag("wanted");
  const ended = new Set<string>();
  const first = await tasks.trigger("through", {}, { tags: ["wanted", "first"] });
  let second: string | undefined;
  for await (const run of subscription) {
    expect(run.tags).toContain("wanted");
    if (run.isCompleted) ended.add(run.id);
    if (ended.has(first.id) && !second) {
      await tasks.trigger("through", {}, { tags: ["other"] });
      second = (await tasks.trigger("through", {}, { tags: ["wanted"] })).id;
    }
    if (second && ended.has(second)) break;
  }
  expect([...ended]).toEqual([first.id, second]);
});

test("a subscription to a batch shows all its runs", async () => {
  const { batchId } = await tasks.batchTrigger("through", [{ payload: {} }, { payload: {} }]);
  const ended = new Set<string>();
  for await (const run of runs.subscribeToBatch(batchId)) {
    if (run.isCompleted) ended.add(run.id);
    if (ended.size === 2) break;
  }
  expect([...ended].sort()).toEqual([...(await batch.retrieve(batchId)).runs].sort());
});

test("a subscription goes on after a restart of the runtime", async () => {
  const gate = "restart";
  const { id } = await tasks.trigger("steps", { gate });
  const seen: string[] = [];
  let restarted = false;
  const port = Number(new URL(at.runtime.apiUrl).port);
  for await (const run of runs.subscribeToRun(id)) {
    seen.push(run.status);
    if (run.status === "EXECUTING" && !restarted) {
      restarted = true;
      await at.restart({ port });
      await at.open(gate);
    }
  }
  expect(seen.at(-1)).toBe("COMPLETED");
});

test("columns that aren't wanted are left out", async () => {
  const { id } = await tasks.trigger("large", { text: "secret" });
  await runs.poll(id, { pollIntervalMs: 50 });
  for await (const run of runs.subscribeToRun(id, { skipColumns: ["payload", "output"] })) {
    expect(run).toMatchObject({ status: "COMPLETED", payload: undefined, output: undefined });
  }
});

describe("streams", () => {
  test("reach a reader part by part while the run goes on, whatever is in them", async () => {
    const gate = "words";
    const { id } = await tasks.trigger("writer", { gate });
    const parts: unknown[] = [];
    for await (const part of await streams.read(id, "words")) {
      parts.push(part);
      if (parts.length === 1) await at.open(gate);
    }
    expect(parts).toEqual([{ word: "one" }, { word: "two\nlines" }, "appended"]);
  });

  test("can be read from a part on, and are named by the run", async () => {
    const { id } = await tasks.trigger("through", {});
    expect((await runs.poll(id, { pollIntervalMs: 50 })).output).toBe(3);
    for await (const run of runs.subscribeToRun(id)) expect(run.realtimeStreams).toEqual(["numbers"]);
    const read = async (headers: Record<string, string>) => {
      const response = await fetch(`${at.runtime.apiUrl}/realtime/v1/streams/${id}/numbers`, {
        headers: { authorization: `Bearer ${at.runtime.secretKey}`, ...headers },
      });
      return [...(await response.text()).matchAll(/^(id|data): (.+)$/gm)].map(([, , value]) => value);
    };
    const [firstId, first, , second] = await read({});
    expect([first, second]).toEqual(["1", "2"]);
    expect((await read({ "last-event-id": firstId ?? "" })).at(1)).toBe("2");
    expect(await read({ "x-trigger-stream-start": "latest" })).toEqual([]);
  });

  test("of a writer that was cut off go on where it stopped", async () => {
    const { id } = await tasks.trigger("through", {});
    await runs.poll(id, { pollIntervalMs: 50 });
    const url = `${at.runtime.apiUrl}/realtime/v1/streams/${id}/self/again`;
    const headers = { authorization: `Bearer ${at.runtime.secretKey}`, "x-client-id": "w1" };
    await fetch(url, { method: "POST", headers, body: '"a"\n"b"\n' });
    expect((await fetch(url, { method: "HEAD", headers })).headers.get("x-last-chunk-index")).toBe("1");
    await fetch(url, {
      method: "POST",
      headers: { ...headers, "x-resume-from-chunk": "1" },
      body: '"b"\n"c"\n',
    });
    const parts: unknown[] = [];
    for await (const part of await streams.read(id, "again")) parts.push(part);
    expect(parts).toEqual(["a", "b", "c"]);
  });
});

test("payloads and outputs too large for a request are stored apart, behind links that expire", async () => {
  const text = "x".repeat(700_000);
  const { id } = await tasks.trigger("large", { text });
  const run = await runs.poll(id, { pollIntervalMs: 50 });
  expect(run).toMatchObject({ status: "COMPLETED", output: { length: text.length, text } });
  expect(run.payload).toEqual({ text });
  for await (const followed of runs.subscribeToRun(id)) expect(followed.output).toMatchObject({ text });
  const raw = await fetch(`${at.runtime.apiUrl}/api/v3/runs/${id}`, {
    headers: { authorization: `Bearer ${at.runtime.secretKey}` },
  });
  const { outputPresignedUrl } = (await raw.json()) as { outputPresignedUrl: string };
  expect((await fetch(outputPresignedUrl)).status).toBe(200);
  expect((await fetch(outputPresignedUrl, { method: "PUT", body: "overwritten" })).status).toBe(403);
  expect((await fetch(outputPresignedUrl.replace(/expires=\d/, "expires=9"))).status).toBe(403);
});
