import type { JWK } from "jose";

/** The public half of a private JWK. Everything not listed stays behind. */
export function publicJwk(key: JWK): JWK {
  const { kty, kid, alg, crv, x, y, n, e } = key;
  const known = { kty, kid, alg, crv, x, y, n, e, use: "sig", key_ops: ["verify"], ext: true };
  return Object.fromEntries(Object.entries(known).filter(([, value]) => value !== undefined)) as JWK;
}

/** What `/auth/v1/.well-known/jwks.json` answers: never the HS256 secret. */
export function publicJwks(signingKeys: JWK[]): { keys: JWK[] } {
  return { keys: signingKeys.filter((key) => key.kty !== "oct").map(publicJwk) };
}

/** What PostgREST verifies with: the public keys and the legacy secret. */
export function verifyingJwks(signingKeys: JWK[], jwtSecret: string): { keys: JWK[] } {
  const secret = { kty: "oct", alg: "HS256", k: Buffer.from(jwtSecret).toString("base64url") };
  return { keys: [...publicJwks(signingKeys).keys, secret] };
}
