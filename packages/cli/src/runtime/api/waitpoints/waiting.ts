import { setTimeout as sleep } from "node:timers/promises";
import type pg from "pg";
import { untilWritten } from "../../database/retry.js";
import { endDueWaitpoints, readWaitpoint, type WaitpointRow } from "./store.js";

/** Longest a wait goes without a look at the database: another server may complete what is waited for here. */
const lookEvery = 1000;

/** Everyone in this process who waits for a waitpoint. */
export class WaitpointWaiting {
  readonly #pool: pg.Pool;
  readonly #waiting = new Map<string, Set<(row: WaitpointRow) => void>>();
  readonly #stop = new AbortController();

  constructor(pool: pg.Pool) {
    this.#pool = pool;
    void this.#look();
  }

  /** Tells those who wait that a waitpoint has ended. */
  settle(row: WaitpointRow | undefined): void {
    if (!row || row.status === "WAITING") return;
    const waiting = this.#waiting.get(row.id);
    this.#waiting.delete(row.id);
    for (const resolve of waiting ?? []) resolve(row);
  }

  /** The waitpoint once it has ended; undefined: there is none. */
  async ended(id: string): Promise<WaitpointRow | undefined> {
    const ending = new Promise<WaitpointRow>((resolve) => {
      const waiting = this.#waiting.get(id) ?? new Set();
      waiting.add(resolve);
      this.#waiting.set(id, waiting);
    });
    // Read after we listen: what ends in between is seen by one or the other.
    const row = await untilWritten(
      () => readWaitpoint(this.#pool, id),
      () => this.#stop.signal.aborted,
    );
    if (!row) {
      this.#waiting.delete(id);
      return undefined;
    }
    this.settle(row);
    if (row.status === "WAITING" && row.due_at) this.#lookAt(row.due_at);
    return ending;
  }

  stop(): void {
    this.#stop.abort();
  }

  /** Looks when something is due, rather than up to a second later. */
  #lookAt(due: Date): void {
    const left = due.getTime() - Date.now();
    if (left > lookEvery) return;
    setTimeout(() => void this.#lookOnce(), Math.max(0, left) + 1).unref();
  }

  async #look(): Promise<void> {
    const { signal } = this.#stop;
    while (!signal.aborted) {
      await sleep(lookEvery, undefined, { signal, ref: false }).catch(() => {});
      if (!signal.aborted && this.#waiting.size > 0) await this.#lookOnce();
    }
  }

  async #lookOnce(): Promise<void> {
    try {
      for (const row of await endDueWaitpoints(this.#pool)) this.settle(row);
      const { rows } = await this.#pool.query<WaitpointRow>(
        "select * from runtime.waitpoints where id = any ($1)",
        [[...this.#waiting.keys()]],
      );
      for (const row of rows) {
        this.settle(row);
        if (row.status === "WAITING" && row.due_at) this.#lookAt(row.due_at);
      }
    } catch {
      // Postgres is away or restarts: the next look finds it, or not.
    }
  }
}
