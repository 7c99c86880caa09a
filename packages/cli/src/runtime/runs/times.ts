import { parseNaturalLanguageDuration } from "@trigger.dev/core/v3/isomorphic";

/** A moment said as a date, an ISO string, or a duration from now such as `"1h30m"`; undefined when it is none of these. */
export function readMoment(value: string | Date | undefined): Date | undefined {
  if (value === undefined || value instanceof Date) return value;
  const moment = parseNaturalLanguageDuration(value) ?? new Date(value);
  return Number.isNaN(moment.getTime()) ? undefined : moment;
}

/** A duration as seconds: a number of them, or text such as `"10m"`. */
export function readSeconds(value: string | number | undefined): number | undefined {
  if (value === undefined || typeof value === "number") return value;
  if (/^\d+$/.test(value)) return Number(value);
  const until = parseNaturalLanguageDuration(value);
  return until ? (until.getTime() - Date.now()) / 1000 : undefined;
}
