import { useState } from "preact/hooks";
import type { ConsoleEvent, ConsoleRun } from "../../contract.js";
import { Empty } from "../parts/empty.js";
import { lookOf } from "../status.js";
import { useNow } from "../use-now.js";
import { type EventKind, placeEvents } from "./place-events.js";
import { TimelineEvent } from "./timeline-event.js";

/** The server sends no more events of a run. */
const most = 2000;

const kinds: [name: string, kinds: EventKind[]][] = [
  ["Logs", ["log"]],
  ["Spans", ["span"]],
  ["Requests", ["request"]],
  ["Waits and retries", ["waiting", "retrying"]],
];

/** What happened in a run, by time; any kind can be left out. */
export function Timeline({ events, run }: { events: ConsoleEvent[]; run: ConsoleRun }) {
  const [hidden, setHidden] = useState<string[]>([]);
  const now = useNow(lookOf(run.status).ended ? null : 1000);
  const present = kinds.filter(([, among]) => events.some(({ kind }) => among.includes(kind)));
  const without = kinds.flatMap(([name, among]) => (hidden.includes(name) ? among : []));
  const shown = placeEvents(events, run, now).filter(({ event }) => !without.includes(event.kind));
  const toggle = (name: string) =>
    setHidden(hidden.includes(name) ? hidden.filter((other) => other !== name) : [...hidden, name]);
  return (
    <section class="timeline">
      <div class="title-line">
        <h2>Timeline</h2>
        {present.length > 1 && (
          <fieldset class="toggles">
            <legend class="unseen">Kinds of events</legend>
            {present.map(([name, among]) => (
              <button
                key={name}
                type="button"
                aria-pressed={!hidden.includes(name)}
                onClick={() => toggle(name)}
              >
                {name}
                <span class="number">{events.filter(({ kind }) => among.includes(kind)).length}</span>
              </button>
            ))}
          </fieldset>
        )}
      </div>
      {events.length === 0 && <Empty>Logs, spans, waits and requests to Supabase appear here.</Empty>}
      <ol class="events">
        {shown.map((placed) => (
          <TimelineEvent key={placed.event.id} placed={placed} />
        ))}
      </ol>
      {events.length >= most && (
        <p class="quiet">These are the first {most.toLocaleString()} events; there may be more.</p>
      )}
    </section>
  );
}
