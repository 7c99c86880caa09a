import { InvalidArgumentError } from "commander";

/** The option that every command for a project has. */
export const dir = ["--dir <folder>", "the project's folder", "."] as const;

export function parsePort(text: string): number {
  const port = Number(text);
  if (!Number.isInteger(port) || port < 0 || port > 65_535)
    throw new InvalidArgumentError("A port is 0 to 65535.");
  return port;
}

export function parseObject(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === "object" && value !== null && !Array.isArray(value))
      return value as Record<string, unknown>;
  } catch {
    // Told the same way as JSON of another kind.
  }
  throw new InvalidArgumentError('It takes a JSON object, such as {"body": "text"}.');
}

/** A moment: a date, or how long ago, such as "15m", "2h" or "7d". */
export function parseMoment(text: string): Date {
  const [, number, unit] = /^(\d{1,6})([smhd])$/.exec(text) ?? [];
  const seconds: Record<string, number> = { s: 1, m: 60, h: 3600, d: 86_400 };
  const date = unit ? new Date(Date.now() - Number(number) * (seconds[unit] ?? 0) * 1000) : new Date(text);
  if (Number.isNaN(date.getTime()))
    throw new InvalidArgumentError('It takes a date, or how long ago: "15m", "2h", "7d".');
  return date;
}

export function parseLimit(text: string): number {
  const limit = Number(text);
  if (!Number.isInteger(limit) || limit < 1 || limit > 1000)
    throw new InvalidArgumentError("It takes a whole number from 1 to 1000.");
  return limit;
}
