import type pg from "pg";
import { readMoment } from "../../runs/times.js";
import type { StreamedRun } from "./shape.js";

/** Which runs a client follows. */
export interface Selection {
  run?: string;
  batch?: string;
  tags?: string[];
  /** Created since then. */
  since?: Date;
}

/** The runs as they are now; with `changedSince` only those that changed later, or at most a little before. */
export async function readSelection(
  pool: pg.Pool,
  { run, batch, tags, since }: Selection,
  changedSince?: Date,
): Promise<StreamedRun[]> {
  const { rows } = await pool.query<StreamedRun>(
    `select * from runtime.runs
     where ($1::text is null or id = $1)
       and ($2::text is null or id in (select run_id from runtime.batch_items where batch_id = $2))
       and ($3::text[] is null or tags @> $3)
       and ($4::timestamptz is null or created_at >= $4)
       and ($5::timestamptz is null or updated_at >= $5)
     order by sequence`,
    [run ?? null, batch ?? null, tags ?? null, since ?? null, changedSince ?? null],
  );
  return rows;
}

/** A subscription to tags reaches back a day unless it says otherwise, as on the platform. */
export function readSelectionQuery(query: URLSearchParams): Selection {
  const tags = query.get("tags");
  const ahead = readMoment(query.get("createdAt") ?? "24h") ?? new Date(Date.now() + 24 * 3600_000);
  return {
    ...(tags ? { tags: tags.split(",") } : {}),
    since: new Date(2 * Date.now() - ahead.getTime()),
  };
}
