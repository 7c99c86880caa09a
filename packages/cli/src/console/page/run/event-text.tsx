import type { ConsoleEvent } from "../../contract.js";
import { formatDuration, plural } from "../format.js";
import { Identity } from "../parts/identity.js";

/** What an event says, in a line. */
export function EventText({ event }: { event: ConsoleEvent }) {
  switch (event.kind) {
    case "log":
      return (
        <span class="text">
          {event.level !== "log" && event.level !== "info" && (
            <span class={`level ${event.level}`}>{event.level}</span>
          )}
          <span class="message">{event.message}</span>
        </span>
      );
    case "waiting":
      return <span class="text">{event.message}</span>;
    case "retrying":
      return (
        <span class="text">
          {event.message}
          <span class="quiet"> next attempt after {formatDuration(event.delayMs)}</span>
        </span>
      );
    case "span":
      return (
        <span class="text">
          <span class="span-name">{event.name}</span>
          {event.error && <span class="span-error">{event.error}</span>}
        </span>
      );
    case "request":
      return (
        <span class="text request-text">
          <span class="verb">{event.verb}</span>
          <span class="mono">{event.target ?? event.path}</span>
          <span class={event.status >= 400 ? "answer bad" : "answer"}>{event.status}</span>
          {event.rows !== null && <span class="quiet number">{plural(event.rows, "row")}</span>}
          <Identity identity={event.ranAs} />
        </span>
      );
  }
}
