import type { ConsoleEvent } from "../../contract.js";
import { formatDateTime, formatDuration, formatOffset } from "../format.js";
import { Icon, type IconName } from "../parts/icon.js";
import { Json } from "../parts/json.js";
import { EventText } from "./event-text.js";
import type { PlacedEvent } from "./place-events.js";

const icons: Record<ConsoleEvent["kind"], IconName> = {
  log: "log",
  span: "span",
  request: "database",
  waiting: "pause",
  retrying: "retry",
};

const names: Record<ConsoleEvent["kind"], string> = {
  log: "Log",
  span: "Span",
  request: "Request",
  waiting: "Wait",
  retrying: "Retry",
};

/** One event: when, what, and a bar for how long. What more it holds opens below. */
export function TimelineEvent({ placed }: { placed: PlacedEvent }) {
  const { event, offset, length, from, width, depth } = placed;
  const more = moreOf(event);
  const line = (
    <>
      <time class="offset number" dateTime={event.at} title={formatDateTime(event.at)}>
        {formatOffset(offset)}
      </time>
      <span class="what" style={{ "--depth": Math.min(depth, 8) }}>
        <span class="kind" title={names[event.kind]}>
          <Icon name={icons[event.kind]} />
          <span class="unseen">{names[event.kind]}</span>
        </span>
        <EventText event={event} />
      </span>
      <span class="length number">{length === null ? "" : formatDuration(length)}</span>
      <span class="more">{more !== undefined && <Icon name="open" />}</span>
      <span class="track" aria-hidden="true">
        <span class={length === null ? "moment" : "bar"} style={{ "--from": from, "--width": width }} />
      </span>
    </>
  );
  return (
    <li class={classOf(event)} data-kind={event.kind}>
      {more === undefined ? (
        <div class="line">{line}</div>
      ) : (
        <details>
          <summary class="line" data-entry>
            {line}
          </summary>
          <Json value={more} label="Details" />
        </details>
      )}
    </li>
  );
}

function classOf(event: ConsoleEvent): string {
  const bad =
    (event.kind === "log" && event.level === "error") ||
    (event.kind === "span" && event.error !== null) ||
    (event.kind === "request" && event.status >= 400);
  const service = event.kind === "request" && event.ranAs.kind === "service";
  return ["event", event.kind, bad && "bad", service && "by-service"].filter(Boolean).join(" ");
}

function moreOf(event: ConsoleEvent): unknown {
  if (event.kind === "request") {
    const { method, path, part, status, rows, ranAs } = event;
    return { request: `${method} ${path}`, part, status, rows, ranAs };
  }
  const more = event.kind === "log" ? event.properties : event.kind === "span" ? event.attributes : undefined;
  return more && typeof more === "object" && Object.keys(more).length > 0 ? more : undefined;
}
