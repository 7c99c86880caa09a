import { createLocalJWKSet, type JWTVerifyGetKey, jwtVerify } from "jose";
import { publicJwks } from "../keys/jwks.js";
import type { StackKeys } from "../types.js";
import { failures } from "./failure.js";

/** Whose rights a request has: policies see them as PostgREST's do. */
export interface Caller {
  role: string;
  /** The token's subject, which becomes the owner of what it uploads. */
  owner: string | undefined;
  claims: Record<string, unknown>;
}

export const anonymous: Caller = { role: "anon", owner: undefined, claims: { role: "anon" } };

export type VerifyCaller = (authorization: string | undefined) => Promise<Caller>;

/** Verifies bearer tokens with the project's keys: those of an algorithm and key id, and the legacy secret. No clock skew, as Storage has none. */
export function createVerifier(keys: StackKeys): VerifyCaller {
  const secret = new TextEncoder().encode(keys.jwtSecret);
  const published = createLocalJWKSet(publicJwks(keys.signingKeys));
  const keyOf: JWTVerifyGetKey = async (header, token) =>
    header.alg === "HS256" ? secret : published(header, token);
  const algorithms = ["HS256", "ES256", "RS256"];
  return async (authorization) => {
    const token = authorization?.replace(/^Bearer\s+/i, "");
    if (!token) throw failures.invalidRequest("headers must have required property 'authorization'");
    let claims: Record<string, unknown>;
    try {
      claims = (await jwtVerify(token, keyOf, { algorithms })).payload;
    } catch (error) {
      throw failures.accessDenied((error as Error).message);
    }
    const role = typeof claims.role === "string" && claims.role ? claims.role : "anon";
    return { role, owner: typeof claims.sub === "string" ? claims.sub : undefined, claims };
  };
}
