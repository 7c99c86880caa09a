import { createPrivateKey, createPublicKey, type JsonWebKey, sign, verify } from "node:crypto";
import type { JWK } from "jose";
import { KeyError } from "../errors.js";
import { classifyKey } from "./classify.js";
import { decodeJson, isRecord } from "./json.js";
import { Key, type KeyAlgorithm } from "./key.js";

/** Where a value came from, for messages: a variable's or an option's name. */
export type Origin = string;

/**
 * Reads a signing key: a JWK, a set or list of them, a PEM, or text holding one of these.
 * The first private key of a set signs; the rest verify.
 *
 * @throws KeyError when the value is no key that can sign.
 */
export function parseSigningKeys(value: string | object, origin: Origin, kid?: string): Key[] {
  if (typeof value !== "string") return parseJwks(value, origin, "private");
  const text = value.trim();
  const { kind } = classifyKey(text);
  if (kind === "pem-private") return [parsePem(text, origin, kid)];
  if (kind === "pem-public" || kind === "jwk-public")
    throw new KeyError("ERR_KEY_PUBLIC", `${origin} is a public key. Signing needs the private half.`);
  if (kind === "jwk-private") return parseJwks(decodeJson(text), origin, "private");
  if (text.startsWith("{") || text.startsWith("["))
    throw new KeyError("ERR_KEY_MALFORMED", `${origin} is not a JWK: the JSON is damaged or has no "kty".`);
  if (kind === "hs256-secret")
    throw new KeyError(
      "ERR_KEY_NOT_SIGNING_KEY",
      `${origin} is neither a JWK nor a PEM. An HS256 secret belongs in SUPABASE_JWT_SECRET (option jwtSecret).`,
    );
  throw refuseSigningSlot(kind, origin);
}

/** Reads public keys that verify tokens, such as the content of SUPABASE_JWKS. Private members are refused. */
export function parsePublicKeys(value: string | object, origin: Origin): Key[] {
  return parseJwks(typeof value === "string" ? decodeJson(value) : value, origin, "public");
}

/** Reads the legacy HS256 secret. */
export function parseJwtSecret(value: string, origin: Origin): Key {
  const { kind } = classifyKey(value);
  if (kind !== "hs256-secret" && kind !== "none") throw refuseSigningSlot(kind, origin);
  const bytes = new TextEncoder().encode(value);
  if (bytes.length < 32)
    throw new KeyError("ERR_KEY_WEAK", `${origin} is shorter than 32 bytes. Copy the whole JWT secret.`);
  return secretKey(bytes, undefined);
}

function secretKey(bytes: Uint8Array, kid: string | undefined): Key {
  return new Key("HS256", kid, { kty: "oct", k: Buffer.from(bytes).toString("base64url") });
}

function refuseSigningSlot(kind: string, origin: Origin): KeyError {
  if (kind === "publishable")
    return new KeyError(
      "ERR_KEY_PUBLISHABLE_AS_SECRET",
      `${origin} holds a publishable key, which cannot sign.`,
    );
  if (kind === "management-token")
    return new KeyError(
      "ERR_KEY_MANAGEMENT_TOKEN",
      `${origin} holds a personal access token (sbp_…), which cannot sign.`,
    );
  const what: Record<string, string> = {
    secret: "an API key (sb_secret_…)",
    "anon-jwt": "the anon key",
    "service-role-jwt": "the service_role key",
    jwt: "a token",
    "jwk-private": "a JWK, which belongs in SUPABASE_SIGNING_KEY (option signingKey)",
    "jwk-public": "a public key",
    "pem-private": "a PEM, which belongs in SUPABASE_SIGNING_KEY (option signingKey)",
    "pem-public": "a public key",
  };
  return new KeyError(
    "ERR_KEY_NOT_SIGNING_KEY",
    `${origin} holds ${what[kind] ?? "a value that is no key"}, where a key that signs tokens belongs.`,
  );
}

function parseJwks(value: unknown, origin: Origin, half: "private" | "public"): Key[] {
  const list = Array.isArray(value)
    ? value
    : isRecord(value) && Array.isArray(value.keys)
      ? value.keys
      : [value];
  const keys = list.map((jwk: unknown) => parseJwk(jwk, origin, half));
  if (half === "private" && !keys.some((key) => key.canSign))
    throw new KeyError("ERR_KEY_PUBLIC", `${origin} holds public keys only. Signing needs a private one.`);
  return keys;
}

function parseJwk(value: unknown, origin: Origin, half: "private" | "public"): Key {
  if (!isRecord(value) || typeof value.kty !== "string")
    throw new KeyError("ERR_KEY_MALFORMED", `${origin} is not a JWK: it is damaged or has no "kty".`);
  const jwk = value as JWK;
  if (half === "public" && (jwk.d !== undefined || jwk.k !== undefined))
    throw new KeyError(
      "ERR_KEY_NOT_SIGNING_KEY",
      `${origin} holds a private key, where only public ones belong. Keep it in SUPABASE_SIGNING_KEY.`,
    );
  const algorithm = algorithmOf(jwk, origin);
  const kid = typeof jwk.kid === "string" && jwk.kid !== "" ? jwk.kid : undefined;
  if (algorithm === "HS256") {
    const bytes = Buffer.from(typeof jwk.k === "string" ? jwk.k : "", "base64url");
    if (bytes.length < 32)
      throw new KeyError("ERR_KEY_WEAK", `${origin} holds a secret shorter than 32 bytes.`);
    return secretKey(bytes, kid);
  }
  return asymmetricKey(algorithm, kid, jwk, origin);
}

function asymmetricKey(algorithm: KeyAlgorithm, kid: string | undefined, jwk: JWK, origin: Origin): Key {
  if (!kid)
    throw new KeyError(
      "ERR_KEY_KID_MISSING",
      `${origin} has no key id. Supabase needs it to pick the key: add "kid" (or SUPABASE_SIGNING_KEY_ID for a PEM).`,
    );
  const { kty, crv, d, x, y, n, e, p, q, dp, dq, qi } = jwk;
  const members = Object.fromEntries(
    Object.entries({ kty, crv, d, x, y, n, e, p, q, dp, dq, qi }).filter(
      ([, member]) => member !== undefined,
    ),
  );
  checkMaterial(members, origin);
  if (algorithm === "RS256" && Buffer.from(n ?? "", "base64url").length < 256)
    throw new KeyError("ERR_KEY_WEAK", `${origin} is an RSA key under 2048 bits.`);
  return new Key(algorithm, kid, members);
}

// node:crypto works synchronously, so that createBehalf can refuse a key at once. A private key whose public members
// are another's would sign what nobody can verify: one signature tells.
function checkMaterial(jwk: JWK, origin: Origin): void {
  const { d, kty, crv, x, y, n, e } = jwk;
  const open = Object.fromEntries(
    Object.entries({ kty, crv, x, y, n, e }).filter(([, member]) => member !== undefined),
  );
  try {
    const publicKey = createPublicKey({ key: open, format: "jwk" });
    if (d === undefined) return;
    const privateKey = createPrivateKey({ key: jwk as JsonWebKey, format: "jwk" });
    const digest = kty === "OKP" ? null : "sha256";
    const text = Buffer.from("behalf");
    if (!verify(digest, text, publicKey, sign(digest, text, privateKey)))
      throw new TypeError("halves differ");
  } catch {
    throw new KeyError("ERR_KEY_MALFORMED", `${origin} is damaged: its members do not form a key.`);
  }
}

function algorithmOf(jwk: JWK, origin: Origin): KeyAlgorithm {
  const algorithm =
    jwk.kty === "oct"
      ? "HS256"
      : jwk.kty === "RSA"
        ? "RS256"
        : jwk.kty === "EC" && jwk.crv === "P-256"
          ? "ES256"
          : jwk.kty === "OKP" && jwk.crv === "Ed25519"
            ? "EdDSA"
            : undefined;
  const named = jwk.alg === "Ed25519" ? "EdDSA" : (jwk.alg ?? algorithm);
  if (!algorithm || named !== algorithm || (jwk.use !== undefined && jwk.use !== "sig"))
    throw new KeyError(
      "ERR_KEY_UNSUPPORTED",
      `${origin} is not a key for HS256, ES256 (P-256), RS256 or EdDSA (Ed25519), or its "alg" or "use" contradicts it.`,
    );
  return algorithm;
}

function parsePem(text: string, origin: Origin, kid: string | undefined): Key {
  // Variables often carry a PEM on one line, its line breaks written as \n.
  const pem = text.replaceAll("\\n", "\n");
  if (/ENCRYPTED/.test(pem))
    throw new KeyError("ERR_KEY_UNSUPPORTED", `${origin} is an encrypted PEM. Decrypt it first.`);
  let jwk: JWK;
  try {
    jwk = createPrivateKey(pem).export({ format: "jwk" }) as JWK;
  } catch {
    throw new KeyError("ERR_KEY_MALFORMED", `${origin} is not a PEM that holds one private key for signing.`);
  }
  return asymmetricKey(algorithmOf(jwk, origin), kid, jwk, origin);
}
