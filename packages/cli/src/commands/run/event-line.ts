import { colourOf, formatProperties } from "../events.js";
import { foreign, formatTime, styled } from "../terminal.js";
import type { ToldEvent } from "./follow.js";

/** One line for something a run did. Requests and spans are the console's: as lines they would drown what was logged. */
export function formatToldEvent(event: ToldEvent, stream?: NodeJS.WriteStream): string | undefined {
  const { at, kind, level, message, properties } = event;
  if (kind !== "log" && kind !== "waiting" && kind !== "retrying") return undefined;
  const time = styled("dim", formatTime(new Date(at)), stream);
  const word = styled(colourOf(level), (kind === "log" ? (level ?? kind) : kind).padEnd(8), stream);
  return `${time}  ${word}  ${foreign(message, stream)}${kind === "log" ? formatProperties(properties, stream) : ""}`;
}
