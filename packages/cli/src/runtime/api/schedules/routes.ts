import { CreateScheduleOptions, UpdateScheduleOptions } from "@trigger.dev/core/v3";
import { type Context, Hono } from "hono";
import type { ApiContext, ApiEnv } from "../context.js";
import { ApiFailure, found, readBody } from "../failure.js";
import { checkCron, listTimezones } from "./cron.js";
import {
  activateSchedule,
  deleteSchedule,
  listSchedules,
  readSchedule,
  type ScheduleRow,
  saveSchedule,
  updateSchedule,
} from "./store.js";

/** `schedules.create`, `retrieve`, `update`, `activate`, `deactivate`, `del`, `list`. */
export function scheduleRoutes(context: ApiContext): Hono<ApiEnv> {
  const { pool, now } = context;
  const read = async (c: Context) => found(await readSchedule(pool, c.req.param("id") ?? ""), "Schedule");
  const readOwn = async (c: Context) => {
    const row = await read(c);
    if (row.type === "DECLARATIVE") {
      throw new ApiFailure(422, `Task ${row.task} declares this schedule: change its cron in the code.`);
    }
    return row;
  };

  return new Hono<ApiEnv>()
    .post("/api/v1/schedules", async (c) => {
      const body = await readBody(c, CreateScheduleOptions);
      const cron = { expression: body.cron, timezone: body.timezone ?? "UTC" };
      checkTask(context, body.task);
      checkCron(cron);
      const { task, deduplicationKey, externalId, window } = body;
      const row = await saveSchedule(
        pool,
        { type: "IMPERATIVE", task, cron, deduplicationKey, externalId, window },
        now(),
      );
      return c.json(viewSchedule(row));
    })
    .get("/api/v1/schedules", async (c) => {
      const page = Math.max(Number(c.req.query("page")) || 1, 1);
      const perPage = Math.min(Math.max(Number(c.req.query("perPage")) || 50, 1), 100);
      const { rows, count } = await listSchedules(pool, page, perPage);
      const totalPages = Math.max(Math.ceil(count / perPage), 1);
      return c.json({ data: rows.map(viewSchedule), pagination: { currentPage: page, totalPages, count } });
    })
    .get("/api/v1/schedules/:id", async (c) => c.json(viewSchedule(await read(c))))
    .put("/api/v1/schedules/:id", async (c) => {
      const { id } = await readOwn(c);
      const { task, externalId, window, ...body } = await readBody(c, UpdateScheduleOptions);
      const cron = { expression: body.cron, timezone: body.timezone ?? "UTC" };
      checkTask(context, task);
      checkCron(cron);
      const row = await updateSchedule(pool, id, { task, cron, externalId, window }, now());
      return c.json(viewSchedule(found(row, "Schedule")));
    })
    .post("/api/v1/schedules/:id/activate", async (c) => {
      return c.json(viewSchedule(await activateSchedule(pool, await readOwn(c), true, now())));
    })
    .post("/api/v1/schedules/:id/deactivate", async (c) => {
      return c.json(viewSchedule(await activateSchedule(pool, await readOwn(c), false, now())));
    })
    .delete("/api/v1/schedules/:id", async (c) => {
      const { id } = await readOwn(c);
      await deleteSchedule(pool, id);
      return c.json({ id });
    });
}

/** `schedules.timezones`: the SDK asks without a key. */
export function timezoneRoutes(): Hono<ApiEnv> {
  return new Hono<ApiEnv>().get("/api/v1/timezones", (c) =>
    c.json({ timezones: listTimezones(c.req.query("excludeUtc") === "true") }),
  );
}

function checkTask({ tasks }: ApiContext, id: string): void {
  const task = tasks().get(id);
  if (!task) throw new ApiFailure(422, `There is no task ${JSON.stringify(id)}.`);
  if (task.triggerSource !== "schedule") {
    throw new ApiFailure(422, `Task ${id} is no scheduled task: define it with schedules.task().`);
  }
}

function viewSchedule(row: ScheduleRow) {
  return {
    id: row.id,
    type: row.type,
    task: row.task,
    active: row.active,
    deduplicationKey: row.type === "DECLARATIVE" ? null : row.deduplication_key,
    externalId: row.external_id,
    generator: { type: "CRON", expression: row.cron, description: row.cron },
    timezone: row.timezone,
    ...(row.time_window === null ? {} : { window: row.time_window }),
    nextRun: row.active ? row.next_at : null,
    nextRunEffectiveAt: row.active ? row.next_at : null,
    environments: [{ id: "env_local", type: "DEVELOPMENT" }],
  };
}
