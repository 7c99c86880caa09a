import type pg from "pg";
import { readMoment } from "../../runs/times.js";
import type { WaitpointRow } from "./store.js";

/** A page of tokens, newest first, by the SDK's filters. */
export async function listTokens(
  pool: pg.Pool,
  query: URLSearchParams,
): Promise<{ rows: WaitpointRow[]; next: string | undefined; previous: string | undefined }> {
  const filter = (name: string) => query.get(`filter[${name}]`) ?? null;
  const many = (name: string) => filter(name)?.split(",") ?? null;
  const size = Math.min(Math.max(Number(query.get("page[size]")) || 25, 1), 100);
  const before = query.get("page[before]");
  // Going back, the SDK repeats the `after` of the page it comes from.
  const after = before === null ? query.get("page[after]") : null;
  const { rows } = await pool.query<WaitpointRow>(
    `select * from runtime.waitpoints
     where type = 'TOKEN'
       and ($1::text[] is null or status = any ($1))
       and ($2::text is null or idempotency_key = $2)
       and ($3::text[] is null or tags && $3)
       and ($4::timestamptz is null or created_at >= $4)
       and ($5::timestamptz is null or created_at <= $5)
       and ($6::text is null or sequence < (select sequence from runtime.waitpoints where id = $6))
       and ($7::text is null or sequence > (select sequence from runtime.waitpoints where id = $7))
     order by case when $7::text is not null then sequence end, sequence desc
     limit $8`,
    [
      many("status"),
      filter("idempotencyKey"),
      many("tags"),
      earliest(filter("createdAt][from"), filter("createdAt][period")),
      readDate(filter("createdAt][to")),
      after,
      before,
      size + 1,
    ],
  );
  const more = rows.length > size;
  const page = before === null ? rows.slice(0, size) : rows.slice(0, size).reverse();
  return {
    rows: page,
    next: before !== null || more ? page.at(-1)?.id : undefined,
    previous: after !== null || (before !== null && more) ? page[0]?.id : undefined,
  };
}

function earliest(from: string | null, period: string | null): Date | null {
  if (from !== null) return readDate(from);
  const ahead = period === null ? undefined : readMoment(period);
  return ahead ? new Date(2 * Date.now() - ahead.getTime()) : null;
}

const readDate = (text: string | null): Date | null =>
  text === null ? null : (readMoment(/^\d+$/.test(text) ? new Date(Number(text)) : text) ?? null);
