import { GrantError } from "../errors.js";

const seconds = { s: 1, m: 60, h: 3600, d: 86_400 } as const;
const longest = 30 * 86_400;

/** Reads how long a grant lasts as whole seconds: a number of seconds, or digits with `s`, `m`, `h` or `d`. */
export function parseExpiresIn(expiresIn: string | number): number {
  const match = /^(\d{1,9})(s|m|h|d)$/.exec(String(expiresIn));
  const value =
    typeof expiresIn === "number"
      ? expiresIn
      : match
        ? Number(match[1]) * seconds[match[2] as keyof typeof seconds]
        : Number.NaN;
  if (!Number.isInteger(value) || value < 1 || value > longest)
    throw new GrantError(
      "ERR_GRANT_LIFETIME",
      'expiresIn is not a duration from 1 second to 30 days, such as "15m", "24h", "7d" or a number of seconds.',
    );
  return value;
}
