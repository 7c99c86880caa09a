import { compactVerify, errors, SignJWT } from "jose";
import { TokenError } from "../errors.js";
import type { Key } from "../keys/key.js";
import type { Keyring } from "../keys/keyring.js";
import { type DecodedToken, decodeToken } from "./decode.js";

/** Signs claims as a compact JWT. The header is `alg`, `typ` and, where the key has one, `kid`. */
export async function signClaims(key: Key, claims: Record<string, unknown>, typ = "JWT"): Promise<string> {
  const header = { alg: key.algorithm, typ, ...(key.kid === undefined ? {} : { kid: key.kid }) };
  return await new SignJWT(claims).setProtectedHeader(header).sign(await key.signingKey());
}

/**
 * Checks a token's form and signature against the keys. What the claims say is not looked at.
 *
 * @throws TokenError naming the first thing that is wrong.
 */
export async function checkSignature(token: unknown, keyring: Keyring, typ = "JWT"): Promise<DecodedToken> {
  const decoded = decodeToken(token, typ);
  const { algorithm, kid } = decoded;
  const candidates = keyring.candidates(algorithm, kid);
  if (candidates.length === 0) throw refuseKey(keyring, kid);
  for (const key of candidates) if (await verifies(token as string, key)) return decoded;
  throw new TokenError("ERR_TOKEN_SIGNATURE", "The token's signature does not fit its content.");
}

function refuseKey(keyring: Keyring, kid: string | undefined): TokenError {
  if (kid !== undefined && !keyring.hasId(kid))
    return new TokenError(
      "ERR_TOKEN_KEY_UNKNOWN",
      "The token names a key that is not among the configured ones.",
    );
  return new TokenError(
    "ERR_TOKEN_ALGORITHM",
    "The token's algorithm is not that of any key it may be signed with.",
  );
}

async function verifies(token: string, key: Key): Promise<boolean> {
  try {
    await compactVerify(token, await key.verifyingKey(), { algorithms: [key.algorithm] });
    return true;
  } catch (error) {
    if (error instanceof errors.JWSSignatureVerificationFailed) return false;
    if (error instanceof errors.JOSEError)
      throw new TokenError("ERR_TOKEN_MALFORMED", "The token is not a well-formed JWT.");
    throw error;
  }
}
