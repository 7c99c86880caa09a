import type pg from "pg";
import { untilWritten } from "../../database/retry.js";
import { endDueWaitpoints, readWaitpoint, type WaitpointRow } from "./store.js";

/** Longest a wait goes without a look at the database: another server may complete what is waited for here. */
const lookEvery = 1000;
/** Shortest time between two looks, in milliseconds. */
const pause = 10;

interface Waiting {
  /** When it ends by itself, in milliseconds since the epoch. */
  due: number;
  resolve: Set<(row: WaitpointRow) => void>;
}

/** Everyone in this process who waits for a waitpoint. One look at the database serves them all, and there is one at a time. */
export class WaitpointWaiting {
  readonly #pool: pg.Pool;
  readonly #waiting = new Map<string, Waiting>();
  #timer: NodeJS.Timeout | undefined;
  #lookAt = Number.POSITIVE_INFINITY;
  #looking = false;
  #stopped = false;

  constructor(pool: pg.Pool) {
    this.#pool = pool;
  }

  /** Tells those who wait that a waitpoint has ended. */
  settle(row: WaitpointRow | undefined): void {
    if (!row || row.status === "WAITING") return;
    const waiting = this.#waiting.get(row.id);
    this.#waiting.delete(row.id);
    for (const resolve of waiting?.resolve ?? []) resolve(row);
  }

  /** The waitpoint once it has ended; undefined: there is none. */
  async ended(id: string): Promise<WaitpointRow | undefined> {
    const waiting = this.#waiting.get(id) ?? { due: Number.POSITIVE_INFINITY, resolve: new Set() };
    this.#waiting.set(id, waiting);
    const ending = new Promise<WaitpointRow>((resolve) => waiting.resolve.add(resolve));
    // Read after we listen: what ends in between is seen by one or the other.
    const row = await untilWritten(
      () => readWaitpoint(this.#pool, id),
      () => this.#stopped,
    );
    if (!row) {
      this.#waiting.delete(id);
      return undefined;
    }
    this.settle(row);
    if (row.due_at) waiting.due = row.due_at.getTime();
    this.#lookBy(Math.min(waiting.due, Date.now() + lookEvery));
    return ending;
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
  }

  /** Looks at that moment, unless it will earlier. */
  #lookBy(moment: number): void {
    if (this.#stopped || this.#looking || this.#waiting.size === 0 || moment >= this.#lookAt) return;
    clearTimeout(this.#timer);
    this.#lookAt = moment;
    this.#timer = setTimeout(() => void this.#look(), Math.max(moment - Date.now() + 1, pause)).unref();
  }

  async #look(): Promise<void> {
    this.#looking = true;
    try {
      for (const row of await endDueWaitpoints(this.#pool)) this.settle(row);
      const { rows } = await this.#pool.query<WaitpointRow>(
        "select * from runtime.waitpoints where id = any ($1) and status <> 'WAITING'",
        [[...this.#waiting.keys()]],
      );
      for (const row of rows) this.settle(row);
    } catch {
      // Postgres is away or restarts: the next look finds it, or not.
    }
    this.#looking = false;
    this.#lookAt = Number.POSITIVE_INFINITY;
    let next = Date.now() + lookEvery;
    for (const { due } of this.#waiting.values()) next = Math.min(next, due);
    this.#lookBy(next);
  }
}
