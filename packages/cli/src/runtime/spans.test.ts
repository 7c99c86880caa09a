import { afterAll, beforeAll, expect, test } from "vitest";
import { startTestRuntime, type TestRuntime } from "./test-support.js";

let t: TestRuntime;
beforeAll(async () => {
  t = await startTestRuntime({
    "traced.ts": `
export const child = task({ id: "child", run: async () => {} });
export const traced = task({
  id: "traced",
  init: async () => ({ client: { supabaseKey: "sb_secret_0123456789", plain: "of init" } }),
  run: async ({ user }: { user: string }) => {
    await logger.trace("outer " + user, async (span) => {
      span.setAttribute("user", user);
      span.setAttributes({ "list": ["a", "b"], "http.request.header.authorization": "x", "note": "Bearer abc", "url": "postgres://u:p@host/db", "jwt.sub": user });
      await until("both");
      await Promise.all([1, 2, 3].map((n) => logger.trace("inner " + user + " " + n, async () => { await sleep(n * 3); })));
      await logger.trace("failing " + user, async () => { throw new Error("of " + user); }).catch(() => {});
    });
    if (user === "ada") await tasks.triggerAndWait("child", undefined);
    return user;
  },
});
export const many = task({ id: "many", run: async () => { for (let n = 0; n < 3000; n++) logger.startSpan("span " + n, { attributes: { long: "x".repeat(5000) } }).end(); } });
export const gone = task({ id: "gone", run: async () => { await logger.trace("before", async () => {}); await until("gone"); } });
`,
  });
});
afterAll(() => t?.stop());

interface SpanEvent {
  kind: string;
  message: string;
  at: string;
  properties: {
    spanId: string;
    parentSpanId: string | null;
    durationMs: number;
    attributes: Record<string, unknown>;
    error: string | null;
  };
}

async function spansOf(id: string): Promise<SpanEvent[]> {
  const answer = await fetch(`${t.runtime.apiUrl}/api/v1/runs/${id}/events`, {
    headers: { authorization: `Bearer ${t.runtime.secretKey}` },
  });
  const { events } = (await answer.json()) as { events: SpanEvent[] };
  return events.filter(({ kind }) => kind === "span");
}

test("the spans of two overlapping runs are kept apart, as trees, without what may be a secret", async () => {
  const users = ["ada", "grace"];
  const ids = await Promise.all(users.map(async (user) => (await t.runtime.trigger("traced", { user })).id));
  await expect
    .poll(() => t.events.filter((event) => event.type === "run-started" && ids.includes(event.id)).length)
    .toBe(2);
  await t.open("both");
  for (const [index, user] of users.entries()) {
    const id = ids[index] as string;
    expect(await t.runtime.waitForRun(id)).toMatchObject({ status: "COMPLETED", output: user });
    const spans = await spansOf(id);
    const named = (name: string) => spans.find(({ message }) => message === name);
    const own = spans.map(({ message }) => message).filter((name) => /ada|grace/.test(name));
    expect(own.sort()).toEqual([
      `failing ${user}`,
      `inner ${user} 1`,
      `inner ${user} 2`,
      `inner ${user} 3`,
      `outer ${user}`,
    ]);
    const outer = named(`outer ${user}`);
    expect(outer?.properties.attributes).toEqual({ user, list: ["a", "b"] });
    expect(named("init()")?.properties.attributes).toEqual({});
    expect(named(`inner ${user} 2`)?.properties.parentSpanId).toBe(outer?.properties.spanId);
    expect(outer?.properties.parentSpanId).toBe(named("run()")?.properties.spanId);
    expect(named("run()")?.properties.parentSpanId).toBe(named("Attempt 1")?.properties.spanId);
    expect(named("Attempt 1")?.properties.parentSpanId).toBe(null);
    expect(Boolean(named("tasks.triggerAndWait()"))).toBe(user === "ada");
    expect(named(`failing ${user}`)?.properties.error).toBe(`of ${user}`);
    expect(outer?.properties.error).toBe(null);
    expect(Math.abs(Date.now() - Date.parse(outer?.at ?? ""))).toBeLessThan(600_000);
    expect(JSON.stringify(spans)).not.toMatch(/sb_secret|Bearer|of init/);
  }
});

test("a run keeps so many spans and no more, cut to a length", async () => {
  const { id } = await t.runtime.trigger("many", undefined);
  await t.runtime.waitForRun(id);
  const spans = await spansOf(id);
  expect(spans.length).toBe(1000);
  expect(String(spans[0]?.properties.attributes.long).length).toBe(1000);
});

test("a span is there while its run goes on", async () => {
  const { id } = await t.runtime.trigger("gone", undefined);
  await expect.poll(async () => (await spansOf(id)).map(({ message }) => message)).toContain("before");
  await t.open("gone");
  await t.runtime.waitForRun(id);
});
