import { EventEmitter } from "node:events";
import { hasEnded, type RunRow } from "../runs/row.js";

/** Tells everyone in this process how runs change. */
export class Changes {
  readonly #emitter = new EventEmitter<{ run: [RunRow] }>().setMaxListeners(0);
  readonly #awaited = new Map<string, Set<(row: RunRow) => void>>();

  announce(row: RunRow): void {
    this.#emitter.emit("run", row);
    if (hasEnded(row.status)) this.settle(row);
  }

  /** Tells only those who wait for the run's end. */
  settle(row: RunRow): void {
    const waiting = this.#awaited.get(row.id);
    this.#awaited.delete(row.id);
    for (const resolve of waiting ?? []) resolve(row);
  }

  /** Calls back on each change until the returned function is called. */
  watch(listener: (row: RunRow) => void): () => void {
    this.#emitter.on("run", listener);
    return () => void this.#emitter.off("run", listener);
  }

  /** The run once it has ended. Ask first, then look whether it has already: so nothing is missed. */
  ended(id: string): Promise<RunRow> {
    return new Promise((resolve) => {
      const waiting = this.#awaited.get(id) ?? new Set();
      waiting.add(resolve);
      this.#awaited.set(id, waiting);
    });
  }

  /** Nobody waits any more for a run that doesn't exist. */
  forget(id: string): void {
    this.#awaited.delete(id);
  }

  /** Runs that someone waits for; another server may end them, so their rows have to be looked at now and then. */
  get awaited(): string[] {
    return [...this.#awaited.keys()];
  }
}
