import { TokenError } from "../errors.js";
import { decodeJson, isRecord } from "../keys/json.js";
import type { KeyAlgorithm } from "../keys/key.js";
import { hasDuplicateNames } from "./strict-json.js";

/** A token whose form was checked, and nothing else yet. */
export interface DecodedToken {
  readonly algorithm: KeyAlgorithm;
  readonly kid: string | undefined;
  readonly claims: Record<string, unknown>;
}

const algorithms: Record<string, KeyAlgorithm> = {
  HS256: "HS256",
  ES256: "ES256",
  RS256: "RS256",
  EdDSA: "EdDSA",
};
const maxLength = 16 * 1024;
const maxDepth = 32;

/**
 * Takes a compact JWT apart without trusting it: canonical base64url, JSON with no name twice, a header of `alg`,
 * `kid` and `typ` alone.
 *
 * @param typ what the header's `typ` must be, ignoring case. With `JWT`, it may be absent.
 */
export function decodeToken(token: unknown, typ = "JWT"): DecodedToken {
  if (typeof token !== "string") throw new TokenError("ERR_TOKEN_MALFORMED", "The token is not a string.");
  if (token.length > maxLength)
    throw new TokenError("ERR_TOKEN_TOO_LARGE", `The token is longer than ${maxLength} characters.`);
  const parts = token.split(".");
  if (parts.length !== 3) throw malformed("it has not three parts");
  const [header, claims] = [decodePart(parts[0], "header"), decodePart(parts[1], "claims")];
  if (!isCanonical(parts[2])) throw malformed("its signature is not base64url");
  for (const name of Object.keys(header))
    if (name !== "alg" && name !== "kid" && name !== "typ")
      throw new TokenError(
        "ERR_TOKEN_HEADER",
        "The token's header has a parameter other than alg, kid and typ.",
      );
  const algorithm =
    typeof header.alg === "string" && Object.hasOwn(algorithms, header.alg)
      ? algorithms[header.alg]
      : undefined;
  if (!algorithm)
    throw new TokenError(
      "ERR_TOKEN_ALGORITHM",
      "The token's algorithm is none of HS256, ES256, RS256 and EdDSA.",
    );
  if (parts[2] === "") throw malformed("its signature is empty");
  const named = header.typ ?? "JWT";
  if (typeof named !== "string" || named.toLowerCase() !== typ.toLowerCase())
    throw new TokenError("ERR_TOKEN_HEADER", `The token's typ is not ${typ}.`);
  if (header.kid !== undefined && (typeof header.kid !== "string" || header.kid === ""))
    throw new TokenError("ERR_TOKEN_HEADER", "The token's kid is not a key id.");
  return { algorithm, kid: header.kid as string | undefined, claims };
}

function decodePart(part: string | undefined, what: string): Record<string, unknown> {
  if (!part || !isCanonical(part)) throw malformed(`its ${what} is not base64url`);
  const bytes = Buffer.from(part, "base64url");
  const text = bytes.toString("utf8");
  const value = Buffer.from(text).equals(bytes) ? decodeJson(text) : undefined;
  if (!isRecord(value)) throw malformed(`its ${what} is not a JSON object`);
  if (hasDuplicateNames(text)) throw malformed(`its ${what} gives a name twice`);
  if (depthOf(text) > maxDepth) throw malformed(`its ${what} is nested too deeply`);
  return value;
}

// Decoders pass over padding, line breaks and stray last bits, so that several spellings would mean one token.
function isCanonical(part: string | undefined): boolean {
  return part !== undefined && Buffer.from(part, "base64url").toString("base64url") === part;
}

function depthOf(json: string): number {
  let depth = 0;
  let deepest = 0;
  for (const char of json.replace(/"(?:[^"\\]|\\.)*"/g, "")) {
    if (char === "{" || char === "[") deepest = Math.max(deepest, ++depth);
    else if (char === "}" || char === "]") depth--;
  }
  return deepest;
}

function malformed(how: string): TokenError {
  return new TokenError("ERR_TOKEN_MALFORMED", `The token is not a well-formed JWT: ${how}.`);
}
