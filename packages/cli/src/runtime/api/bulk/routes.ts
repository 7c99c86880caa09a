import { CreateBulkActionRequestBody } from "@trigger.dev/core/v3";
import { generateFriendlyId } from "@trigger.dev/core/v3/isomorphic";
import { Hono } from "hono";
import type pg from "pg";
import { listRuns, readRun } from "../../runs/read.js";
import { replayRun } from "../../runs/replay.js";
import type { ApiContext, ApiEnv } from "../context.js";
import { found, readBody } from "../failure.js";
import { type BulkFilter, toRunFilter } from "./filter.js";

/** A row of `runtime.bulk_actions`. */
interface BulkActionRow {
  id: string;
  name: string | null;
  action: "cancel" | "replay";
  run_ids: string[];
  success: number;
  failure: number;
  created_at: Date;
  completed_at: Date | null;
}

/** `runs.bulk.cancel`, `replay`, `retrieve`, `poll`, `list`, `abort`. An action is done when the request is answered. */
export function bulkRoutes(context: ApiContext): Hono<ApiEnv> {
  const { pool } = context;
  const read = async (id: string) => {
    const { rows } = await pool.query<BulkActionRow>("select * from runtime.bulk_actions where id = $1", [
      id,
    ]);
    return found(rows[0], "Bulk action");
  };

  return new Hono<ApiEnv>()
    .post("/api/v1/bulk-actions", async (c) => {
      const { action, filter, runIds, name } = await readBody(c, CreateBulkActionRequestBody);
      const ids = runIds ?? (await selectRuns(pool, filter as BulkFilter));
      const id = generateFriendlyId("bulk");
      await pool.query(
        "insert into runtime.bulk_actions (id, name, action, run_ids) values ($1, $2, $3, $4)",
        [id, name ?? null, action, ids],
      );
      await perform(context, id, action, ids);
      return c.json({ id });
    })
    .get("/api/v1/bulk-actions", async (c) => {
      const size = Math.min(Math.max(Number(c.req.query("page[size]")) || 25, 1), 100);
      const { rows } = await pool.query<BulkActionRow>(
        `select * from runtime.bulk_actions
         where $1::text is null or sequence < (select sequence from runtime.bulk_actions where id = $1)
         order by sequence desc limit $2`,
        [c.req.query("page[after]") ?? null, size + 1],
      );
      const page = rows.slice(0, size);
      const next = rows.length > size ? page.at(-1)?.id : undefined;
      return c.json({ data: page.map(viewBulkAction), pagination: { next } });
    })
    .get("/api/v1/bulk-actions/:id", async (c) => c.json(viewBulkAction(await read(c.req.param("id")))))
    .post("/api/v1/bulk-actions/:id/abort", async (c) => c.json({ id: (await read(c.req.param("id"))).id }));
}

async function selectRuns(pool: pg.Pool, filter: BulkFilter): Promise<string[]> {
  const ids: string[] = [];
  for (let after: string | undefined; ; after = ids.at(-1)) {
    const { rows, older } = await listRuns(pool, toRunFilter(filter), { size: 1000, after });
    ids.push(...rows.map((row) => row.id));
    if (!older) return ids;
  }
}

async function perform(
  { pool, runs }: ApiContext,
  id: string,
  action: "cancel" | "replay",
  ids: string[],
): Promise<void> {
  let success = 0;
  for (const run of ids) {
    try {
      const row = found(await readRun(pool, run), "Run");
      if (action === "cancel") await runs.cancel(row.id);
      else await replayRun(runs, row);
      success += 1;
    } catch {
      // Counted: a run that isn't there, or whose task isn't any more, doesn't keep the others from it.
    }
  }
  await pool.query(
    "update runtime.bulk_actions set success = $2, failure = $3, completed_at = now() where id = $1",
    [id, success, ids.length - success],
  );
}

function viewBulkAction(row: BulkActionRow) {
  return {
    id: row.id,
    name: row.name ?? undefined,
    type: row.action.toUpperCase(),
    status: row.completed_at ? "COMPLETED" : "PENDING",
    counts: { total: row.run_ids.length, success: row.success, failure: row.failure },
    createdAt: row.created_at,
    completedAt: row.completed_at ?? undefined,
  };
}
