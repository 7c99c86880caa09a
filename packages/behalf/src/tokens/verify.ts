import { TokenError } from "../errors.js";
import type { Keyring } from "../keys/keyring.js";
import { checkUserId } from "./check-request.js";
import { checkRole } from "./roles.js";
import { checkSignature } from "./sign.js";
import type { TokenClaims } from "./types.js";

/** What a token is checked against. */
export interface VerifyOptions {
  readonly keyring: Keyring;
  readonly issuer: string;
  readonly audience?: string;
  /** The time in milliseconds since 1970. */
  readonly now: number;
  /** How far clocks may differ, in seconds; default 30, as PostgREST allows. */
  readonly tolerance?: number;
}

/**
 * Verifies a user's access token: form, algorithm, key, signature, issuer, audience, times, subject, and
 * a role that stands under Row Level Security. It does not
 * ask the auth server whether the session still exists.
 *
 * @throws TokenError naming the first thing that is wrong.
 */
export async function verifyToken(token: unknown, options: VerifyOptions): Promise<TokenClaims> {
  const { claims } = await checkSignature(token, options.keyring);
  return checkClaims(claims, options);
}

/** What {@link verifyToken} asks of the claims, the signature aside. */
export function checkClaims(
  claims: Record<string, unknown>,
  options: Omit<VerifyOptions, "keyring">,
): TokenClaims {
  const { tolerance = 30, audience = "authenticated" } = options;
  const now = options.now / 1000;
  const time = (name: string, required: boolean): number | undefined => {
    const value = claims[name];
    if (value === undefined && !required) return undefined;
    if (typeof value !== "number" || !Number.isFinite(value))
      throw new TokenError("ERR_TOKEN_MALFORMED", `The token's ${name} is not a time.`);
    return value;
  };
  const [expires, issued, from] = [time("exp", true), time("iat", true), time("nbf", false)];
  if ((expires ?? 0) <= now - tolerance) throw new TokenError("ERR_TOKEN_EXPIRED", "The token has expired.");
  if ((issued ?? 0) > now + tolerance || (from ?? 0) > now + tolerance)
    throw new TokenError(
      "ERR_TOKEN_NOT_YET_VALID",
      "The token is not valid yet: a clock is off, or it is forged.",
    );
  if (claims.iss !== options.issuer)
    throw new TokenError("ERR_TOKEN_ISSUER", "The token was issued by another project or service.");
  const audiences = Array.isArray(claims.aud) ? claims.aud : [claims.aud];
  if (!audiences.includes(audience))
    throw new TokenError("ERR_TOKEN_AUDIENCE", `The token is not meant for ${audience}.`);
  checkSubject(claims.sub);
  if (typeof claims.role !== "string") throw new TokenError("ERR_TOKEN_MALFORMED", "The token has no role.");
  checkRole(claims.role);
  return claims as TokenClaims;
}

function checkSubject(sub: unknown): void {
  try {
    checkUserId(sub);
  } catch {
    throw new TokenError(
      "ERR_TOKEN_SUBJECT",
      "The token names no user, or one with characters that no id has.",
    );
  }
}
