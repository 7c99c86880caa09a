import { TokenError } from "../errors.js";

const seconds = { s: 1, m: 60, h: 3600 } as const;
const longest = 24 * 3600;

/**
 * Reads a duration as whole seconds: a number of seconds, or digits with `s`, `m` or `h`.
 *
 * @throws TokenError when it is no duration, or not within 1 second and 24 hours.
 */
export function parseLifetime(lifetime: string | number): number {
  const match = /^(\d{1,9})(s|m|h)$/.exec(String(lifetime));
  const value =
    typeof lifetime === "number"
      ? lifetime
      : match
        ? Number(match[1]) * seconds[match[2] as keyof typeof seconds]
        : NaN;
  if (!Number.isInteger(value) || value < 1 || value > longest)
    throw new TokenError(
      "ERR_TOKEN_LIFETIME",
      'The lifetime is not a duration from 1 second to 24 hours, such as "45s", "15m", "1h" or a number of seconds.',
    );
  return value;
}
