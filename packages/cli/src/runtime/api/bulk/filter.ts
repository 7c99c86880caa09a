import type { RunFilter } from "../../runs/read.js";
import { readMoment } from "../../runs/times.js";

type Some<T> = T | T[] | undefined;

/** Which runs a bulk action is for, as the SDK says it. */
export interface BulkFilter {
  status?: Some<string>;
  taskIdentifier?: Some<string>;
  tag?: Some<string>;
  queue?: Some<{ type: "task" | "custom"; name: string }>;
  machine?: Some<string>;
  batch?: string | undefined;
  schedule?: string | undefined;
  isTest?: boolean | undefined;
  from?: Date | number | undefined;
  to?: Date | number | undefined;
  period?: string | undefined;
}

export function toRunFilter(filter: BulkFilter): RunFilter {
  return {
    status: list(filter.status),
    task: list(filter.taskIdentifier),
    tag: list(filter.tag),
    queue: list(filter.queue)?.map(({ type, name }) => (type === "task" ? `task/${name}` : name)),
    machine: list(filter.machine),
    batch: filter.batch,
    schedule: filter.schedule,
    isTest: filter.isTest,
    from: filter.from === undefined ? periodStart(filter.period) : new Date(filter.from),
    to: filter.to === undefined ? undefined : new Date(filter.to),
  };
}

function list<T>(value: Some<T>): T[] | undefined {
  return value === undefined ? undefined : ([value].flat() as T[]);
}

/** A period such as `"7d"` as the moment it reaches back to. */
function periodStart(period: string | undefined): Date | undefined {
  const ahead = readMoment(period);
  return ahead && new Date(2 * Date.now() - ahead.getTime());
}
