import { setTimeout as sleep } from "node:timers/promises";
import { stringifyIO } from "@trigger.dev/core/v3";
import type pg from "pg";
import { inTransaction } from "../../database/transaction.js";
import { insertRun } from "../../runs/insert.js";
import type { RunRow } from "../../runs/row.js";
import type { ApiContext } from "../context.js";
import { nextMoments } from "./cron.js";
import type { ScheduleRow } from "./store.js";

/** How often a server looks whether a schedule is due. */
const lookEvery = 500;

/** Fires schedules until stopped. Several servers may: each moment of a schedule makes one run. */
export function startFiring(context: ApiContext): { stop(): Promise<void> } {
  const stop = new AbortController();
  const { signal } = stop;
  const firing = (async () => {
    while (!signal.aborted) {
      // Postgres is away or restarts: what is due is still due at the next look.
      await fireDue(context).catch(() => {});
      await sleep(lookEvery, undefined, { signal, ref: false }).catch(() => {});
    }
  })();
  return {
    async stop() {
      stop.abort();
      await firing;
    },
  };
}

/** Makes the runs of schedules that are due, and says when these fire next, in one transaction: neither is without the other. */
export async function fireDue(context: ApiContext): Promise<void> {
  const now = context.now();
  const fired = await inTransaction(context.pool, async (client) => {
    const { rows } = await client.query<ScheduleRow>(
      `select * from runtime.schedules where active and next_at <= $1 and task = any ($2)
       order by next_at limit 100 for update skip locked`,
      [new Date(now), [...context.tasks().keys()]],
    );
    const runs: RunRow[] = [];
    for (const schedule of rows) runs.push(await fire(context, client, schedule, now));
    return runs;
  });
  for (const row of fired) context.runs.announce(row);
}

async function fire(
  { runs }: ApiContext,
  client: pg.PoolClient,
  schedule: ScheduleRow,
  now: number,
): Promise<RunRow> {
  const { id, type, task, timezone, external_id, last_at, next_at } = schedule;
  const cron = { expression: schedule.cron, timezone };
  // Moments that passed since, while this machine slept for example, make no runs of their own.
  const upcoming = nextMoments(cron, Math.max(now, next_at.getTime()), 10);
  const payload = await stringifyIO({
    scheduleId: id,
    type,
    timestamp: next_at,
    ...(last_at === null ? {} : { lastTimestamp: last_at }),
    ...(external_id === null ? {} : { externalId: external_id }),
    timezone,
    upcoming,
  });
  const run = runs.prepare(task, payload.data, { payloadType: payload.dataType }, { scheduleId: id });
  const { row } = await insertRun(client, run);
  await client.query("update runtime.schedules set last_at = $2, next_at = $3 where id = $1", [
    id,
    next_at,
    upcoming[0],
  ]);
  return row;
}
