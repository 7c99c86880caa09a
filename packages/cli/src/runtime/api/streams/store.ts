import { EventEmitter } from "node:events";
import type pg from "pg";

/** A part of a stream. */
export interface StreamRecord {
  seq: number;
  data: string;
  created_at: Date;
}

/** Streams of runs, kept in Postgres; readers in this process hear of new parts at once. */
export class StreamStore {
  readonly #pool: pg.Pool;
  readonly #emitter = new EventEmitter<{ appended: [run: string, key: string] }>().setMaxListeners(0);

  constructor(pool: pg.Pool) {
    this.#pool = pool;
  }

  /** Notes that a run has this stream; subscribers to the run see it. False: there is no such run. */
  async declare(run: string, key: string): Promise<boolean> {
    const { rowCount } = await this.#pool.query(
      `update runtime.runs set
         realtime_streams = case when $2 = any (realtime_streams) then realtime_streams else realtime_streams || $2 end,
         updated_at = now()
       where id = $1`,
      [run, key],
    );
    return rowCount === 1;
  }

  /** Appends parts of one writer, numbered from `first`. Parts that are there already are left out. Returns the last `seq`. */
  async append(run: string, key: string, writer: string, first: number, parts: string[]): Promise<number> {
    const { rows } = await this.#pool.query<{ last: number }>(
      "select runtime.append_records($1, $2, $3, $4, $5) as last",
      // Text in Postgres holds no NUL.
      [run, key, writer, first, parts.map((part) => part.replaceAll("\0", "\ufffd"))],
    );
    this.#emitter.emit("appended", run, key);
    return rows[0]?.last ?? -1;
  }

  /** The number of the last part that arrived from a writer; -1: none. */
  async lastPart(run: string, key: string, writer: string): Promise<number> {
    const { rows } = await this.#pool.query<{ last: number }>(
      `select coalesce(max(part), -1) as last from runtime.stream_records
       where run_id = $1 and key = $2 and writer = $3`,
      [run, key, writer],
    );
    return rows[0]?.last ?? -1;
  }

  async readAfter(run: string, key: string, seq: number): Promise<StreamRecord[]> {
    const { rows } = await this.#pool.query<StreamRecord>(
      `select seq, data, created_at from runtime.stream_records
       where run_id = $1 and key = $2 and seq > $3 order by seq limit 500`,
      [run, key, seq],
    );
    return rows;
  }

  async lastSeq(run: string, key: string): Promise<number> {
    const { rows } = await this.#pool.query<{ last: number }>(
      "select coalesce(max(seq), -1) as last from runtime.stream_records where run_id = $1 and key = $2",
      [run, key],
    );
    return rows[0]?.last ?? -1;
  }

  /** Calls back when a part was appended, until the returned function is called. */
  watch(listener: (run: string, key: string) => void): () => void {
    this.#emitter.on("appended", listener);
    return () => void this.#emitter.off("appended", listener);
  }
}
