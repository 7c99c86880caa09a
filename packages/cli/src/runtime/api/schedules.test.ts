import { join } from "node:path";
import { startRuntime } from "@behalf/cli";
import { runs, schedules, tasks } from "@trigger.dev/sdk";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startTestRuntime, type TestRuntime } from "../test-support.js";

let at: TestRuntime;
/** The runtime's clock: schedules go by it. A minute before nine on a Monday in winter. */
let now = Date.parse("2026-01-05T08:59:00Z");

beforeAll(async () => {
  at = await startTestRuntime(
    {
      "scheduled.ts": `
export const nightly = schedules.task({ id: "nightly", cron: { pattern: "30 2 * * *", timezone: "Europe/Berlin" }, run: async (payload) => payload });
export const report = schedules.task({ id: "report", run: async (payload) => {
  if (!(payload.timestamp instanceof Date)) throw new Error("a timestamp is a Date");
  return payload;
} });
export const plain = task({ id: "plain", run: async () => "plain" });
`,
    },
    { now: () => now },
  );
});

afterAll(() => at.stop());

const iso = (text: string) => new Date(text);
/** A date as an output's JSON says it. */
const day = (text: string) => iso(text).toISOString();

/** What the runs of a schedule were given, oldest first, once there are as many. */
async function firedTimes(schedule: string, count: number): Promise<Record<string, unknown>[]> {
  await expect
    .poll(async () => (await runs.list({ schedule })).data.filter((run) => run.status === "COMPLETED").length)
    .toBe(count);
  const { data } = await runs.list({ schedule });
  const outputs = await Promise.all(data.map(async ({ id }) => (await runs.retrieve(id)).output as never));
  return outputs.reverse();
}

test("a schedule made by the SDK fires at its moments, once each", async () => {
  const schedule = await schedules.create({
    task: "report",
    cron: "0 9 * * 1",
    externalId: "ada",
    deduplicationKey: "weekly report",
  });
  expect(schedule).toMatchObject({
    type: "IMPERATIVE",
    active: true,
    timezone: "UTC",
    externalId: "ada",
    nextRun: iso("2026-01-05T09:00:00Z"),
  });
  now = Date.parse("2026-01-05T09:00:05Z");
  const [first] = await firedTimes(schedule.id, 1);
  expect(first).toEqual({
    scheduleId: schedule.id,
    type: "IMPERATIVE",
    timestamp: day("2026-01-05T09:00:00Z"),
    externalId: "ada",
    timezone: "UTC",
    upcoming: Array.from({ length: 10 }, (_, week) =>
      new Date(Date.UTC(2026, 0, 12 + 7 * week, 9)).toISOString(),
    ),
  });
  // Two weeks asleep: one run for what was missed, then on from there.
  now = Date.parse("2026-01-20T00:00:00Z");
  const [, second] = await firedTimes(schedule.id, 2);
  expect(second).toMatchObject({
    timestamp: day("2026-01-12T09:00:00Z"),
    lastTimestamp: day("2026-01-05T09:00:00Z"),
  });
  expect((await schedules.retrieve(schedule.id)).nextRun).toEqual(iso("2026-01-26T09:00:00Z"));
});

test("a schedule that a task declares follows its time zone's summer and winter", async () => {
  const all = await schedules.list();
  const declared = all.data.find((one) => one.task === "nightly");
  expect(declared).toMatchObject({ type: "DECLARATIVE", timezone: "Europe/Berlin" });
  const id = declared?.id ?? "";
  expect((await schedules.retrieve(id)).nextRun?.toISOString()).toMatch(/T01:30:00/);
  now = Date.parse("2026-07-01T12:00:00Z");
  await expect
    .poll(async () => (await schedules.retrieve(id)).nextRun?.toISOString())
    .toBe("2026-07-02T00:30:00.000Z");
  await expect(schedules.del(id)).rejects.toThrow(/declares this schedule/);
});

test("a moment missed while nothing ran is over, and the schedule goes on", async () => {
  const { id } = await schedules.create({ task: "report", cron: "0 12 * * *", deduplicationKey: "daily" });
  await at.runtime.stop();
  now += 3 * 24 * 3600_000;
  await at.restart();
  expect((await schedules.retrieve(id)).nextRun).toEqual(iso("2026-07-05T12:00:00Z"));
  expect((await runs.list({ schedule: id })).data).toEqual([]);
  await schedules.del(id);
});

test("two servers of one database fire each moment once", async () => {
  const second = await startRuntime({
    project: at.folder,
    directory: join(at.folder, "second"),
    adminDatabaseUrl: at.stack.adminDatabaseUrl,
    environment: { GATES: join(at.folder, "gates") },
    secretKey: at.runtime.secretKey,
    now: () => now,
  });
  const { id } = await schedules.create({ task: "report", cron: "0 * * * *", deduplicationKey: "hourly" });
  for (const fired of [1, 2, 3]) {
    now += 3600_000;
    const outputs = await firedTimes(id, fired);
    expect(new Set(outputs.map((output) => output.timestamp)).size).toBe(fired);
  }
  await second.stop();
  await schedules.del(id);
});

describe("the SDK", () => {
  test("updates, switches off and on, lists and deletes", async () => {
    const options = { task: "report", cron: "0 9 * * *", deduplicationKey: "one" };
    const { id } = await schedules.create(options);
    expect((await schedules.create({ ...options, cron: "0 10 * * *" })).id).toBe(id);
    const updated = await schedules.update(id, {
      task: "report",
      cron: "15 10 * * *",
      timezone: "Asia/Tokyo",
    });
    expect(updated).toMatchObject({ generator: { expression: "15 10 * * *" }, timezone: "Asia/Tokyo" });
    expect(await schedules.deactivate(id)).toMatchObject({ active: false, nextRun: null });
    now += 2 * 24 * 3600_000;
    const active = await schedules.activate(id);
    expect(active.nextRun?.getTime()).toBeGreaterThan(now);
    const page = await schedules.list({ perPage: 1, page: 2 });
    expect(page.data).toHaveLength(1);
    expect(page.pagination).toMatchObject({ currentPage: 2 });
    await schedules.del(id);
    await expect(schedules.retrieve(id)).rejects.toThrow(/Schedule not found/);
    expect((await runs.list({ schedule: id })).data).toEqual([]);
  });

  test.each([
    ["a task that isn't there", { task: "nowhere" }, /no task "nowhere"/],
    ["a task that isn't a scheduled one", { task: "plain" }, /schedules\.task\(\)/],
    ["seconds", { cron: "*/5 * * * * *" }, /seconds are not supported/],
    ["an expression that is none", { cron: "often" }, /Invalid cron expression/],
    ["a time zone that doesn't exist", { timezone: "Mars/Olympus" }, /no IANA time zone/],
  ])("is refused %s", async (_, wrong, message) => {
    const options = { task: "report", cron: "0 9 * * *", deduplicationKey: "wrong", ...wrong };
    await expect(schedules.create(options)).rejects.toThrow(message);
  });

  test("knows the time zones, and may run a scheduled task by hand", async () => {
    const { timezones } = await schedules.timezones();
    expect(timezones[0]).toBe("UTC");
    expect(timezones).toContain("Europe/Berlin");
    const { id } = await tasks.trigger("plain", {});
    expect((await runs.poll(id, { pollIntervalMs: 50 })).output).toBe("plain");
  });
});
