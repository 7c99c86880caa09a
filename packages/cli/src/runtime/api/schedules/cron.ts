import { CronExpressionParser } from "cron-parser";
import { ApiFailure } from "../failure.js";

/** When a schedule fires. */
export interface Cron {
  expression: string;
  /** IANA name, such as `Europe/Berlin`. */
  timezone: string;
}

/** The moments after `from` (milliseconds since the epoch), daylight saving of the time zone respected. */
export function nextMoments({ expression, timezone }: Cron, from: number, count: number): Date[] {
  const parsed = CronExpressionParser.parse(expression, { currentDate: new Date(from), tz: timezone });
  return Array.from({ length: count }, () => parsed.next().toDate());
}

export function nextMoment(cron: Cron, from: number): Date {
  return nextMoments(cron, from, 1)[0] as Date;
}

/** Refuses what the platform refuses: seconds, an expression that never comes, a time zone that doesn't exist. */
export function checkCron(cron: Cron): void {
  if (!isTimezone(cron.timezone)) {
    throw new ApiFailure(
      422,
      `${JSON.stringify(cron.timezone)} is no IANA time zone, such as Europe/Berlin.`,
    );
  }
  const fields = cron.expression.trim().split(/\s+/).length;
  if (fields !== 5 && !cron.expression.startsWith("@")) {
    const cause = fields === 6 ? "seconds are not supported" : "it has five fields, such as 0 9 * * 1";
    throw new ApiFailure(422, `Invalid cron expression ${JSON.stringify(cron.expression)}: ${cause}.`);
  }
  try {
    nextMoment(cron, Date.now());
  } catch (error) {
    const cause = error instanceof Error ? error.message : String(error);
    throw new ApiFailure(422, `Invalid cron expression ${JSON.stringify(cron.expression)}: ${cause}.`);
  }
}

function isTimezone(name: string): boolean {
  try {
    new Intl.DateTimeFormat("en", { timeZone: name });
    return true;
  } catch {
    return false;
  }
}

/** The time zones `schedules.timezones()` lists; UTC comes first. */
export function listTimezones(excludeUtc: boolean): string[] {
  const all = Intl.supportedValuesOf("timeZone").filter((name) => name !== "UTC");
  return excludeUtc ? all : ["UTC", ...all];
}
