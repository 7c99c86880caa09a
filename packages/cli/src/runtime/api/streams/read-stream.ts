import { readRun } from "../../runs/read.js";
import { hasEnded, type RunRow } from "../../runs/row.js";
import type { ApiContext } from "../context.js";
import type { StreamRecord, StreamStore } from "./store.js";

/** Between two looks at the database: parts that arrive at another server are only seen there. */
const lookEvery = 1000;

export interface ReadOptions {
  run: string;
  key: string;
  /** The last part the reader has. */
  after: number;
  /** Ends when nothing came for this many milliseconds. */
  idleTimeout: number;
  signal: AbortSignal;
}

/** Parts as they come, until the run has ended and all were given, or nothing came for long enough. */
export async function* readStream(
  { pool, changes }: ApiContext,
  store: StreamStore,
  { run, key, after, idleTimeout, signal }: ReadOptions,
): AsyncGenerator<StreamRecord[]> {
  let last = after;
  let idleSince = Date.now();
  let happened = () => {};
  const unwatchParts = store.watch((r, k) => {
    if (r === run && k === key) happened();
  });
  const unwatchRun = changes.watch((row: RunRow) => {
    if (row.id === run && hasEnded(row.status)) happened();
  });
  signal.addEventListener("abort", () => happened(), { once: true });
  try {
    while (!signal.aborted) {
      const next = new Promise<void>((resolve) => {
        happened = resolve;
        setTimeout(resolve, lookEvery).unref();
      });
      // The run first: parts it wrote before it ended are all there when it has.
      const row = await readRun(pool, run);
      const records = await store.readAfter(run, key, last);
      if (records.length > 0) {
        last = records.at(-1)?.seq ?? last;
        idleSince = Date.now();
        yield records;
        continue;
      }
      if (!row || hasEnded(row.status) || Date.now() - idleSince > idleTimeout) return;
      await next;
    }
  } finally {
    unwatchParts();
    unwatchRun();
  }
}
