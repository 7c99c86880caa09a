import { TriggerTaskRequestBody } from "@trigger.dev/core/v3";
import { type Context, Hono } from "hono";
import { listRuns, readFamily, readRun } from "../runs/read.js";
import { toExecutionResult } from "../runs/result.js";
import { hasEnded, type RunRow } from "../runs/row.js";
import { readMoment } from "../runs/times.js";
import { checkOptions } from "./check-options.js";
import type { ApiContext, ApiEnv } from "./context.js";
import { ApiFailure, found, readBody } from "./failure.js";
import { requestId } from "./request-id.js";
import { presignPacket, viewFull, viewRun } from "./views.js";

/** Triggering runs, and reading, listing and cancelling them. */
export function runRoutes(context: ApiContext): Hono<ApiEnv> {
  const { pool, runs } = context;
  const read = async (c: Context) => found(await readRun(pool, c.req.param("run") ?? ""), "Run");

  return new Hono<ApiEnv>()
    .post("/api/v1/tasks/:task/trigger", async (c) => {
      const { payload, options } = await readBody(c, TriggerTaskRequestBody);
      checkOptions(options);
      const { row, isCached } = await runs.accept(
        c.req.param("task"),
        serialise(payload, options?.payloadType),
        options ?? {},
        {
          id: requestId(c, "run"),
        },
      );
      return c.json({ id: row.id, isCached });
    })
    .get("/api/v3/runs/:run", async (c) => {
      const row = await read(c);
      return c.json(await viewFull(row, await readFamily(pool, row), presignPacket(context)));
    })
    .get("/api/v1/runs/:run/result", async (c) => {
      const row = await read(c);
      if (!hasEnded(row.status)) throw new ApiFailure(404, "Run either doesn't exist or is not finished");
      return c.json(toExecutionResult(row));
    })
    .get("/api/v1/runs", async (c) => c.json(await list(context, new URL(c.req.url).searchParams)))
    .post("/api/v2/runs/:run/cancel", async (c) => {
      const { id } = await read(c);
      await runs.cancel(id);
      return c.json({ id });
    });
}

/** The SDK sends payloads serialised and says how; a plain HTTP client sends JSON values, or text that may be JSON. */
export function serialise(payload: unknown, type = "application/json"): string | undefined {
  if (payload === undefined) return undefined;
  return typeof payload === "string" && (type !== "application/json" || isJson(payload))
    ? payload
    : JSON.stringify(payload);
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

async function list({ pool }: ApiContext, query: URLSearchParams) {
  const one = (name: string) => query.get(`filter[${name}]`) ?? undefined;
  const unknown = ["region", "bulkAction", "version"].find((name) => one(name) !== undefined);
  if (unknown !== undefined) {
    throw new ApiFailure(422, `The local runtime can't list runs by ${unknown}; see docs/fidelity.md.`);
  }
  const many = (name: string) => one(name)?.split(",");
  const at = (name: string) => {
    const value = one(`createdAt][${name}`);
    return value === undefined
      ? undefined
      : readMoment(/^\d+$/.test(value) ? new Date(Number(value)) : value);
  };
  const isTest = one("isTest");
  const size = Math.min(Math.max(Number(query.get("page[size]") ?? 25) || 25, 1), 100);
  const page = await listRuns(
    pool,
    {
      status: many("status"),
      task: many("taskIdentifier"),
      tag: many("tag"),
      batch: one("batch"),
      schedule: one("schedule"),
      queue: many("queue"),
      machine: many("machine"),
      isTest: isTest === undefined ? undefined : isTest === "true",
      from: at("from") ?? since(one("createdAt][period")),
      to: at("to"),
    },
    {
      size,
      after: query.get("page[after]") ?? undefined,
      before: query.get("page[before]") ?? undefined,
    },
  );
  const cursor = (there: boolean, row: RunRow | undefined) => (there ? row?.id : undefined);
  return {
    data: page.rows.map((row) => ({ ...viewRun(row), env: { id: "env_local", name: "dev" } })),
    pagination: { next: cursor(page.older, page.rows.at(-1)), previous: cursor(page.newer, page.rows[0]) },
  };
}

/** A period such as `"7d"` as the moment it reaches back to. */
function since(period: string | undefined): Date | undefined {
  const ahead = readMoment(period);
  return ahead && new Date(2 * Date.now() - ahead.getTime());
}
