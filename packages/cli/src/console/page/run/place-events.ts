import type { ConsoleEvent, ConsoleRun } from "../../contract.js";

export type EventKind = ConsoleEvent["kind"];

/** An event and where its bar lies, in parts of the run's whole time (0 to 1). */
export interface PlacedEvent {
  event: ConsoleEvent;
  /** Since the run's beginning, in milliseconds. */
  offset: number;
  /** Null: a moment. */
  length: number | null;
  from: number;
  width: number;
  /** Spans around it. */
  depth: number;
}

/** Places a run's events on one line of time that ends with the run, or now. */
export function placeEvents(events: ConsoleEvent[], run: ConsoleRun, now: number): PlacedEvent[] {
  const starts = events.map(({ at }) => Date.parse(at));
  const start = Math.min(Date.parse(run.startedAt ?? run.createdAt), ...starts);
  const end = run.finishedAt ? Date.parse(run.finishedAt) : now;
  const lengths = events.map((event, index) => lengthOf(event, starts[index] ?? 0, starts, end));
  const last = Math.max(end, ...starts.map((at, index) => at + (lengths[index] ?? 0)));
  const whole = Math.max(1, last - start);
  const depths = nest(events);
  const placed = events.map((event, index): PlacedEvent => {
    const offset = (starts[index] ?? start) - start;
    const length = lengths[index] ?? null;
    return {
      event,
      offset,
      length,
      from: offset / whole,
      width: (length ?? 0) / whole,
      depth: depths.get(event.id) ?? 0,
    };
  });
  // A span may begin in the same millisecond as the one around it.
  return placed.sort((a, b) => a.offset - b.offset || a.depth - b.depth);
}

/** A wait lasts until the run goes on, which the next event shows. */
function lengthOf(event: ConsoleEvent, at: number, starts: number[], end: number): number | null {
  if (event.kind === "span" || event.kind === "request") return event.durationMs;
  if (event.kind === "retrying") return event.delayMs;
  if (event.kind === "waiting") return Math.max(0, (starts.find((other) => other > at) ?? end) - at);
  return null;
}

function nest(events: ConsoleEvent[]): Map<string, number> {
  const spans = new Map(
    events.flatMap((event) => (event.kind === "span" ? [[event.spanId, event] as const] : [])),
  );
  const depths = new Map<string, number>();
  for (const event of events) {
    let depth = 0;
    let parent = event.kind === "span" ? event.parentSpanId : null;
    const seen = new Set<string>();
    while (parent !== null && !seen.has(parent)) {
      seen.add(parent);
      const around = spans.get(parent);
      if (!around) break;
      depth++;
      parent = around.parentSpanId;
    }
    depths.set(event.id, depth);
  }
  return depths;
}
