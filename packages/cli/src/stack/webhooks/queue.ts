import type { Pool } from "pg";
import type { Answer, QueuedRequest } from "./send.js";

/** Requests that are taken in one transaction: also the most of one lane that are sent again after a crash. */
export const batch = 50;
/** Bytes of bodies that one lane holds in memory, but for a single body that is larger. */
const bodies = 8 * 2 ** 20;
/** After so many batches the whole queue is looked at, so that nothing that was passed by waits for a lull. */
const rewindAfter = 20;
/** Answers are kept for six hours, as pg_net does. */
const keepAnswers = "6 hours";

/** The requests that committed transactions have left, of which each lane takes its own. */
export class Queue {
  readonly #pool: Pool;
  /**
   * Requests up to this id have been taken. Those before it are rows that are gone and still in the way of a scan; a request of a
   * transaction that took its id early and committed late is found when nothing is left behind it.
   */
  #after = 0n;
  #batches = 0;

  constructor(pool: Pool) {
    this.#pool = pool;
  }

  /**
   * Takes requests, has them handled, and removes those with an answer, in one transaction: whatever kills this process before its end
   * leaves them in the queue, for the next start. Returns how many it took.
   */
  async take(handle: (requests: QueuedRequest[]) => Promise<Answer[]>): Promise<number> {
    if (++this.#batches % rewindAfter === 0) this.#after = 0n;
    const client = await this.#pool.connect();
    let isBroken = true;
    try {
      await client.query("begin");
      const { rows } = await client.query<QueuedRequest>(
        `with taken as (
           select * from net.http_request_queue where id > $1 order by id limit $2 for update skip locked
         ), sized as (
           select *, sum(octet_length(body)) over (order by id) - octet_length(body) as before from taken
         )
         select id, method, url, headers, body, timeout_milliseconds from sized where coalesce(before, 0) < $3 order by id`,
        [`${this.#after}`, batch, bodies],
      );
      const last = rows.at(-1);
      if (last && BigInt(last.id) > this.#after) this.#after = BigInt(last.id);
      if (rows.length > 0) {
        const answers = await handle(rows);
        await client.query(
          `with answers as (
             select r.* from jsonb_to_recordset($1) as r (id bigint, status integer, "contentType" text, headers jsonb, content text, "timedOut" boolean, error text)
           ), gone as (
             delete from net.http_request_queue where id in (select id from answers)
           )
           insert into net._http_response (id, status_code, content_type, headers, content, timed_out, error_msg)
           select id, status, "contentType", headers, content, "timedOut", error from answers`,
          [JSON.stringify(answers)],
        );
      }
      await client.query("commit");
      isBroken = false;
      return rows.length;
    } finally {
      // A connection that is closed rolls back.
      client.release(isBroken);
    }
  }

  /** Looks at everything again. Whether there was anything that it hadn't looked at. */
  rewind(): boolean {
    const isNew = this.#after > 0n;
    this.#after = 0n;
    return isNew;
  }

  async forgetOldAnswers(): Promise<void> {
    await this.#pool.query("delete from net._http_response where created < now() - $1::interval", [
      keepAnswers,
    ]);
  }
}
