import type pg from "pg";
import type { RunRow } from "./row.js";

export async function readRun(pool: pg.Pool, id: string): Promise<RunRow | undefined> {
  const { rows } = await pool.query<RunRow>({
    name: "read-run",
    text: "select * from runtime.runs where id = $1",
    values: [id],
  });
  return rows[0];
}

/** A run with those around it, for its page. */
export async function readFamily(
  pool: pg.Pool,
  row: RunRow,
): Promise<{ root: RunRow | undefined; parent: RunRow | undefined; children: RunRow[] }> {
  const { rows } = await pool.query<RunRow>({
    name: "read-family",
    text: "select * from runtime.runs where id in ($1, $2) or parent_id = $3 order by sequence",
    values: [row.parent_id, row.root_id, row.id],
  });
  return {
    root: rows.find((one) => one.id === row.root_id),
    parent: rows.find((one) => one.id === row.parent_id),
    children: rows.filter((one) => one.parent_id === row.id),
  };
}

export interface RunFilter {
  status?: string[] | undefined;
  task?: string[] | undefined;
  tag?: string[] | undefined;
  batch?: string | undefined;
  schedule?: string | undefined;
  queue?: string[] | undefined;
  machine?: string[] | undefined;
  isTest?: boolean | undefined;
  from?: Date | undefined;
  to?: Date | undefined;
}

export interface Page {
  size: number;
  /** A run's id: those older than it. */
  after?: string | undefined;
  /** A run's id: those newer than it. */
  before?: string | undefined;
}

/** Runs, newest first. `older` and `newer` say whether there are more on either side. */
export async function listRuns(
  pool: pg.Pool,
  filter: RunFilter,
  page: Page,
): Promise<{ rows: RunRow[]; older: boolean; newer: boolean }> {
  const backwards = page.before !== undefined;
  // Going back, the SDK repeats the `after` of the page it comes from.
  const cursor = page.before ?? page.after;
  const { rows } = await pool.query<RunRow>(
    `select * from runtime.runs
     where ($1::text[] is null or status = any ($1))
       and ($2::text[] is null or task = any ($2))
       and ($3::text[] is null or tags && $3)
       and ($4::text is null or batch_id = $4)
       and ($5::text is null or schedule_id = $5)
       and ($6::text[] is null or queue = any ($6))
       and ($7::text[] is null or coalesce(options->>'machine', 'small-1x') = any ($7))
       and ($8::boolean is null or is_test = $8)
       and ($9::timestamptz is null or created_at >= $9)
       and ($10::timestamptz is null or created_at <= $10)
       and ($11::text is null or case when $12
         then sequence > (select sequence from runtime.runs where id = $11)
         else sequence < (select sequence from runtime.runs where id = $11) end)
     order by case when $12 then sequence end, sequence desc
     limit $13`,
    [
      filter.status ?? null,
      filter.task ?? null,
      filter.tag ?? null,
      filter.batch ?? null,
      filter.schedule ?? null,
      filter.queue ?? null,
      filter.machine ?? null,
      filter.isTest ?? null,
      filter.from ?? null,
      filter.to ?? null,
      cursor ?? null,
      backwards,
      page.size + 1,
    ],
  );
  const more = rows.length > page.size;
  const some = rows.slice(0, page.size);
  return backwards
    ? { rows: some.reverse(), newer: more, older: true }
    : { rows: some, newer: page.after !== undefined, older: more };
}
