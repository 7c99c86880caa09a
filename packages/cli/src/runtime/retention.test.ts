import { batch, runs } from "@trigger.dev/sdk";
import pg from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { pruneRuns } from "./runs/retention.js";
import { startTestRuntime, type TestRuntime } from "./test-support.js";

let test_: TestRuntime;
beforeAll(async () => {
  test_ = await startTestRuntime({
    "plain.ts": `export const plain = task({ id: "plain", run: async (n: number) => n });`,
    "parent.ts": `export const parent = task({ id: "parent", run: async () => { await tasks.triggerAndWait("plain", -1); await until("parent"); } });`,
  });
});
afterAll(() => test_?.stop());

const ids = async () => {
  const found: string[] = [];
  for await (const run of runs.list({ limit: 100 })) found.push(run.id);
  return found;
};

test("of ended runs the newest are kept, and those that something still needs", async () => {
  const first = test_.runtime;
  const parent = await first.trigger("parent", {});
  // Its child has ended and is the oldest of all; the parent goes on.
  await expect.poll(async () => (await ids()).length).toBe(2);
  const child = (await ids()).find((id) => id !== parent.id) ?? "";
  expect((await first.waitForRun(child)).status).toBe("COMPLETED");
  const keyed = await first.trigger("plain", 0, { idempotencyKey: "spare me" });
  await first.waitForRun(keyed.id);
  const batched = await batch.trigger([{ id: "plain", payload: 1 }]);
  await expect.poll(async () => (await batch.retrieve(batched.batchId)).status).toBe("COMPLETED");
  const later: string[] = [];
  for (let n = 2; n < 8; n++) {
    const { id } = await first.trigger("plain", n);
    await first.waitForRun(id);
    later.push(id);
  }

  const url = new URL(test_.stack.adminDatabaseUrl);
  url.pathname = "/behalf_runtime";
  const pool = new pg.Pool({ connectionString: url.href });
  pool.on("error", () => {});
  // The batch's run and the three oldest of the later ones.
  expect(await pruneRuns(pool, 3)).toBe(4);
  expect(await pruneRuns(pool, 3)).toBe(0);
  await pool.end();
  expect((await ids()).sort()).toEqual([parent.id, child, keyed.id, ...later.slice(-3)].sort());
  await expect
    .poll(() =>
      batch.retrieve(batched.batchId).then(
        () => "there",
        () => "gone",
      ),
    )
    .toBe("gone");
  await test_.open("parent");
  expect((await test_.runtime.waitForRun(parent.id)).status).toBe("COMPLETED");
});
