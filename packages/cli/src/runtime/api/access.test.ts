import { auth, idempotencyKeys, queues, runs, tasks, wait } from "@trigger.dev/sdk";
import { SignJWT } from "jose";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startTestRuntime, type TestRuntime } from "../test-support.js";
import { allows } from "./access/scopes.js";

let at: TestRuntime;

beforeAll(async () => {
  at = await startTestRuntime({
    "tasks.ts": `
const narrow = sdk.queue({ name: "narrow", concurrencyLimit: 1 });
export const hello = task({ id: "hello", run: async (payload: unknown) => payload });
export const other = task({ id: "other", run: async () => "other" });
export const queued = task({ id: "queued", queue: narrow, run: async ({ gate }: { gate: string }) => { leave("in " + gate); await until(gate); } });
`,
  });
});

afterAll(() => at.stop());

/** Does something as the holder of a token. */
function withToken<T>(accessToken: string, work: () => Promise<T>): Promise<T> {
  return auth.withAuth({ baseURL: at.runtime.apiUrl, accessToken }, work) as Promise<T>;
}

/** A request as the holder of a token, without the SDK's own patience. */
async function statusOf(token: string, path: string, init: RequestInit = {}): Promise<number> {
  const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
  return (await fetch(`${at.runtime.apiUrl}${path}`, { ...init, headers })).status;
}

describe("public tokens", () => {
  test("read the run they are for, and no other", async () => {
    const mine = await tasks.trigger("hello", { who: "ada" });
    const other = await tasks.trigger("other", {});
    // The handle carries one; so does a token made on purpose.
    const made = await auth.createPublicToken({ scopes: { read: { runs: [mine.id] } } });
    for (const token of [mine.publicAccessToken, made]) {
      expect((await withToken(token, () => runs.retrieve(mine.id))).payload).toEqual({ who: "ada" });
      expect(await statusOf(token, `/api/v3/runs/${other.id}`)).toBe(403);
      expect(await statusOf(token, `/realtime/v1/runs/${other.id}?offset=-1`)).toBe(403);
      expect(await statusOf(token, "/api/v1/runs")).toBe(403);
      expect(await statusOf(token, `/api/v2/runs/${mine.id}/cancel`, { method: "POST" })).toBe(403);
      expect(await statusOf(token, "/api/v1/schedules")).toBe(403);
      expect(await statusOf(token, "/api/v3/runs/%E0%A4%A")).toBe(400);
      expect(await statusOf(token, `/api/v3/runs/${mine.id}%2F..%2F${other.id}`)).toBe(403);
      expect(await statusOf(token, "/api/v1/auth/jwt/claims", { method: "POST" })).toBe(403);
      expect(await statusOf(token, "/api/v1/tasks/hello/trigger", { method: "POST", body: "{}" })).toBe(403);
    }
  });

  test("read runs by tag and by batch", async () => {
    const tagged = await tasks.trigger("hello", {}, { tags: ["user:ada"] });
    const byTag = await auth.createPublicToken({ scopes: { read: { tags: "user:ada" } } });
    expect(await statusOf(byTag, `/api/v3/runs/${tagged.id}`)).toBe(200);
    expect(await statusOf(byTag, "/realtime/v1/runs?tags=user:ada&offset=-1")).toBe(200);
    expect(await statusOf(byTag, "/realtime/v1/runs?tags=user:grace&offset=-1")).toBe(403);
    expect(await statusOf(byTag, "/realtime/v1/runs?offset=-1")).toBe(403);
    const byTask = await auth.createPublicToken({ scopes: { read: { tasks: "hello" } } });
    expect(await statusOf(byTask, "/api/v1/runs?filter[taskIdentifier]=hello")).toBe(200);
    expect(await statusOf(byTask, "/api/v1/runs?filter[taskIdentifier]=hello,other")).toBe(403);
    const batch = await tasks.batchTrigger("hello", [{ payload: {} }]);
    expect(await statusOf(batch.publicAccessToken, `/realtime/v1/batches/${batch.batchId}?offset=-1`)).toBe(
      200,
    );
    expect(await statusOf(byTag, `/realtime/v1/batches/${batch.batchId}?offset=-1`)).toBe(403);
  });

  test("trigger their task once, and get a token for the run", async () => {
    const token = await auth.createTriggerPublicToken("hello");
    const run = await withToken(token, () => tasks.trigger("hello", { from: "browser" }));
    const seen = await withToken(run.publicAccessToken, () => runs.retrieve(run.id));
    expect(seen.payload).toEqual({ from: "browser" });
    await expect(withToken(token, () => tasks.trigger("hello", {}))).rejects.toThrow(/already been used/);
    const many = await auth.createTriggerPublicToken("hello", { multipleUse: true });
    await withToken(many, () => tasks.trigger("hello", {}));
    await withToken(many, () => tasks.trigger("hello", {}));
    await expect(withToken(many, () => tasks.trigger("other", {}))).rejects.toThrow(/lacks a scope/);
  });

  test("may send a request again whose answer was lost, and it is done once", async () => {
    // Of the same second and content, two tokens are one: this one lives longer than the next test's.
    const token = await auth.createBatchTriggerPublicToken("hello", { expirationTime: "2h" });
    const create = async (key: string) => {
      const response = await fetch(`${at.runtime.apiUrl}/api/v3/batches`, {
        method: "POST",
        headers: { authorization: `Bearer ${token}`, "x-trigger-request-idempotency-key": key },
        body: JSON.stringify({ runCount: 1, taskIdentifiers: ["hello"] }),
      });
      return { status: response.status, id: ((await response.json()) as { id?: string }).id };
    };
    const first = await create("request 1");
    expect(first.status).toBe(202);
    expect(await create("request 1")).toEqual(first);
    expect((await create("request 2")).status).toBe(422);
  });

  test("batch-trigger their tasks only", async () => {
    const token = await auth.createBatchTriggerPublicToken("hello");
    const { batchId, publicAccessToken } = await withToken(token, () =>
      tasks.batchTrigger("hello", [{ payload: 1 }, { payload: 2 }]),
    );
    expect(await statusOf(publicAccessToken, `/api/v2/batches/${batchId}`)).toBe(200);
    // Used up: it makes no second batch, and adds nothing to anyone else's.
    await expect(withToken(token, () => tasks.batchTrigger("hello", [{ payload: 1 }]))).rejects.toThrow();
    const many = await auth.createBatchTriggerPublicToken("hello", { multipleUse: true });
    await expect(withToken(many, () => tasks.batchTrigger("other", [{ payload: 1 }]))).rejects.toThrow(
      /may not batch-trigger other|lacks a scope/,
    );
  });

  test("complete the wait token they are for", async () => {
    const token = await wait.createToken();
    const other = await wait.createToken();
    await withToken(token.publicAccessToken, () => wait.completeToken(token, { ok: 1 }));
    expect(await wait.retrieveToken(token)).toMatchObject({ status: "COMPLETED" });
    const path = `/api/v1/waitpoints/tokens/${other.id}/complete`;
    expect(await statusOf(token.publicAccessToken, path, { method: "POST", body: "{}" })).toBe(403);
  });

  test("that are forged, expired, unsigned, not public or of another audience are refused", async () => {
    const { id } = await tasks.trigger("hello", {});
    const sign = (claims: Record<string, unknown>, more: { key?: string; exp?: string; aud?: string } = {}) =>
      new SignJWT({ sub: "env_local", pub: true, scopes: ["read:runs", "admin"], ...claims })
        .setProtectedHeader({ alg: "HS256" })
        .setIssuer("https://id.trigger.dev")
        .setAudience(more.aud ?? "https://api.trigger.dev")
        .setExpirationTime(more.exp ?? "1h")
        .sign(new TextEncoder().encode(more.key ?? at.runtime.secretKey));
    const path = `/api/v3/runs/${id}`;
    expect(await statusOf(await sign({}), path)).toBe(200);
    const [, payload] = (await sign({})).split(".");
    const unsigned = `${Buffer.from('{"alg":"none"}').toString("base64url")}.${payload}.`;
    const bad = [
      await sign({}, { key: "tr_dev_somebodyelse" }),
      await sign({}, { exp: "-1s" }),
      await sign({}, { aud: "https://elsewhere.example" }),
      await sign({ pub: false }),
      await sign({ sub: "env_other" }),
      unsigned,
      `${at.runtime.secretKey}x`,
      "",
    ];
    expect(await Promise.all(bad.map((token) => statusOf(token, path)))).toEqual(bad.map(() => 401));
    // Without any scope they may nothing.
    expect(await statusOf(await sign({ scopes: [] }), path)).toBe(403);
  });

  test("are made by the server for keys that can't sign", async () => {
    const { id } = await tasks.trigger("hello", {});
    const response = await fetch(`${at.runtime.apiUrl}/api/v1/auth/public-tokens`, {
      method: "POST",
      headers: { authorization: `Bearer ${at.runtime.secretKey}` },
      body: JSON.stringify({ scopes: [`read:runs:${id}`], expirationTime: "5m" }),
    });
    const { token } = (await response.json()) as { token: string };
    expect(await statusOf(token, `/api/v3/runs/${id}`)).toBe(200);
  });

  test("may be used from a page of any origin", async () => {
    const response = await fetch(`${at.runtime.apiUrl}/realtime/v1/runs/run_1`, {
      method: "OPTIONS",
      headers: { origin: "http://localhost:3000", "access-control-request-method": "GET" },
    });
    expect(response.headers.get("access-control-allow-origin")).toBe("*");
    expect(response.headers.get("access-control-allow-credentials")).toBeNull();
  });
});

test("a scope without an id is for all of its type, and a wrong action or type for nothing", () => {
  const requirement = { action: "read", resources: { runs: ["run_1"] }, superScopes: ["read:all"] };
  for (const scope of ["read:runs", "read:runs:run_1", "read:all"])
    expect(allows([scope], requirement)).toBe(true);
  for (const scope of ["read", "read:runs:run_2", "write:runs:run_1", "read:tags:run_1", "read:runs:"]) {
    expect(allows([scope], requirement)).toBe(false);
  }
});

describe("idempotency keys", () => {
  test("give the same run until they are reset", async () => {
    const idempotencyKey = await idempotencyKeys.create("order 1", { scope: "global" });
    const trigger = async () => (await tasks.trigger("hello", {}, { idempotencyKey })).id;
    const first = await trigger();
    expect(await trigger()).toBe(first);
    await idempotencyKeys.reset("hello", idempotencyKey);
    expect(await trigger()).not.toBe(first);
    await expect(idempotencyKeys.reset("other", idempotencyKey)).rejects.toThrow(/No run of other/);
  });

  test("give another run after their time to live", async () => {
    const options = { idempotencyKey: "short", idempotencyKeyTTL: "1s" };
    const first = (await tasks.trigger("hello", {}, options)).id;
    await expect.poll(async () => (await tasks.trigger("hello", {}, options)).id).not.toBe(first);
  });
});

describe("queues", () => {
  const narrow = { type: "custom", name: "narrow" } as const;

  test("are limited, paused, resumed and given other limits", async () => {
    const gates = ["q1", "q2", "q3"];
    await queues.pause(narrow);
    const handles = [];
    for (const gate of gates) handles.push(await tasks.trigger("queued", { gate }));
    expect(await queues.retrieve(narrow)).toMatchObject({
      paused: true,
      running: 0,
      queued: 3,
      concurrencyLimit: 1,
    });
    await queues.resume(narrow);
    await expect.poll(async () => (await queues.retrieve(narrow)).running).toBe(1);
    expect(await queues.retrieve(narrow)).toMatchObject({ paused: false, queued: 2 });
    const raised = await queues.overrideConcurrencyLimit(narrow, 2);
    expect(raised).toMatchObject({ concurrency: { current: 2, base: 1, override: 2 } });
    await expect.poll(async () => (await queues.retrieve(narrow)).running).toBe(2);
    expect(await queues.resetConcurrencyLimit(narrow)).toMatchObject({ concurrencyLimit: 1 });
    for (const gate of gates) await at.open(gate);
    for (const { id } of handles) await runs.poll(id, { pollIntervalMs: 50 });
  });

  test("are listed and found by id, by task and by name", async () => {
    const { data, pagination } = await queues.list();
    expect(data.map((one) => one.name).sort()).toEqual(["hello", "narrow", "other"]);
    expect(pagination).toMatchObject({ count: 3, currentPage: 1 });
    const hello = await queues.retrieve({ type: "task", name: "hello" });
    expect(hello).toMatchObject({ type: "task", name: "hello", concurrencyLimit: null });
    expect((await queues.retrieve(hello.id)).name).toBe("hello");
    await expect(queues.retrieve({ type: "custom", name: "nowhere" })).rejects.toThrow(
      /Queue nowhere not found/,
    );
  });
});

test("what isn't there is answered with 4xx that names it", async () => {
  const { secretKey } = at.runtime;
  expect(await statusOf(secretKey, "/api/v1/query", { method: "POST", body: "{}" })).toBe(404);
  expect(await statusOf(secretKey, "/api/v1/concurrency-limits")).toBe(404);
  const options = { concurrency: ["gpu"] };
  await expect(tasks.trigger("hello", {}, options)).rejects.toThrow(/no option "concurrency"/);
});
