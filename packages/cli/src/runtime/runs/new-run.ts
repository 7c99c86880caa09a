import type { RunRow, TriggerRequestOptions } from "./row.js";

/** A run to be accepted. */
export interface NewRun {
  /** Given when a request may come twice: a run of this id that is there already is the same run. */
  id?: string | undefined;
  task: string;
  payload: string | undefined;
  options: TriggerRequestOptions;
  queue: string;
  maxDuration: number | undefined;
  ttl: string | number | undefined;
  batch?: { id: string; index: number };
  scheduleId?: string;
  isReplay?: boolean;
}

export interface InsertedRun {
  row: RunRow;
  /** Another trigger made it: one with the same idempotency key, or one that this debounces. */
  isCached: boolean;
}
