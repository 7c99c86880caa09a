import type pg from "pg";
import type { RequestIdentity } from "../../stack/index.js";
import { Batcher } from "../database/batcher.js";
import { toKeptJson } from "../database/json.js";
import type { LogLevel, RuntimeEvent } from "../types.js";

/** Something that happened in a run. */
export interface RunEvent {
  id: string;
  at: Date;
  kind: "log" | "waiting" | "retrying" | "request" | "span";
  level: LogLevel | null;
  message: string;
  properties: unknown;
}

type NewEvent = Omit<RunEvent, "id"> & { run: string };

/** Lines of one run that are kept: a loop that logs mustn't fill the disk. */
const mostLines = 10_000;
const longestLine = 32_000;
/** Runs whose lines are counted. A request may be told after its run's end, and another server may end a run: those counts stay behind. */
const mostCounted = 10_000;

/** Keeps what runs log. Nothing waits for it: a line that Postgres couldn't take is lost, the run is not. */
export class RunLog {
  readonly #pool: pg.Pool;
  readonly #batcher: Batcher<NewEvent, void>;
  readonly #lines = new Map<string, number>();
  readonly #writing = new Set<Promise<void>>();

  constructor(pool: pg.Pool) {
    this.#pool = pool;
    this.#batcher = new Batcher((events) => insertEvents(pool, events));
  }

  /** Keeps what of an event belongs to a run's log. */
  record(event: RuntimeEvent): void {
    if (event.type === "run-finished") this.#lines.delete(event.id);
    const kept = toRunEvent(event);
    if (!kept) return;
    const count = (this.#lines.get(kept.run) ?? 0) + 1;
    this.#lines.set(kept.run, count);
    if (this.#lines.size > mostCounted) this.#forgetOldest();
    if (count > mostLines) return;
    const last = count === mostLines ? { ...kept, message: "Further lines of this run are not kept." } : kept;
    const writing = this.#batcher.add(last).catch(() => {});
    this.#writing.add(writing);
    void writing.finally(() => this.#writing.delete(writing));
  }

  #forgetOldest(): void {
    for (const run of this.#lines.keys()) {
      this.#lines.delete(run);
      return;
    }
  }

  /** A run's events after one of them, oldest first. */
  async read(run: string, after = "0", most = 1000): Promise<RunEvent[]> {
    // Lines of just now are in the answer, too.
    await Promise.all(this.#writing);
    const { rows } = await this.#pool.query<RunEvent>(
      `select id, at, kind, level, message, properties from runtime.run_events
       where run_id = $1 and id > $2 order by id limit $3`,
      [run, after, most],
    );
    return rows;
  }

  /** Whose rights each of some runs used, in the order of first use; runs that asked Supabase for nothing are left out. */
  async identities(runs: string[]): Promise<Record<string, RequestIdentity[]>> {
    await Promise.all(this.#writing);
    const { rows } = await this.#pool.query<{ run_id: string; identities: RequestIdentity[] }>(
      `select run_id, jsonb_agg(identity order by first_at) as identities
       from runtime.run_identities where run_id = any ($1) group by run_id`,
      [runs],
    );
    return Object.fromEntries(rows.map((row) => [row.run_id, row.identities]));
  }

  /** Writes what is left. */
  async stop(): Promise<void> {
    await Promise.all(this.#writing);
  }
}

function toRunEvent(event: RuntimeEvent): NewEvent | undefined {
  const at = new Date();
  switch (event.type) {
    case "log": {
      if (event.run === undefined) return undefined;
      const { run, level, properties } = event;
      return { run, at, kind: "log", level, message: shorten(event.message), properties };
    }
    case "run-waiting":
      return { run: event.id, at, kind: "waiting", level: null, message: "Waits", properties: undefined };
    case "run-retrying": {
      const { id, attempt, delayMs, error } = event;
      const message = `Attempt ${attempt} failed: ${shorten(error.message)}`;
      return { run: id, at, kind: "retrying", level: "error", message, properties: { attempt, delayMs } };
    }
    case "request": {
      const { run, at: askedAt, ...properties } = event.request;
      const message = `${properties.part} ${properties.verb} ${properties.target ?? properties.path}`;
      return { run, at: askedAt, kind: "request", level: null, message: shorten(message), properties };
    }
    case "span": {
      const { type, run, task, name, startedAt, ...properties } = event;
      return { run, at: startedAt, kind: "span", level: null, message: name, properties };
    }
    default:
      return undefined;
  }
}

const shorten = (text: string) => (text.length > longestLine ? `${text.slice(0, longestLine)}…` : text);

/** What belongs to no run of this runtime, because it was deleted or another's token named it, is left out. */
async function insertEvents(pool: pg.Pool, events: NewEvent[]): Promise<void[]> {
  await pool.query({
    name: "insert-run-events",
    text: `with given as (
        select t.* from rows from (json_to_recordset($1)
          as (run text, at timestamptz, kind text, level text, message text, properties jsonb))
          with ordinality as t (run, at, kind, level, message, properties, n)
        where exists (select from runtime.runs where id = run)
      ), identities as (
        insert into runtime.run_identities (run_id, identity, first_at)
        select run, properties->'identity', min(at) from given where kind = 'request' group by 1, 2
        on conflict do nothing
      )
      insert into runtime.run_events (run_id, at, kind, level, message, properties)
      select run, at, kind, level, message, properties from given order by n`,
    values: [toKeptJson(events)],
  });
  return events.map(() => undefined);
}
