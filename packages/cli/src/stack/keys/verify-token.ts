import { createLocalJWKSet, type JWTPayload, type JWTVerifyGetKey, jwtVerify } from "jose";
import type { StackKeys } from "../types.js";
import { publicJwks } from "./jwks.js";

/** Verifies tokens as the project's services do: a signing key by its `kid`, or the legacy secret. Rejects with jose's error. */
export function createTokenVerifier(keys: StackKeys): (token: string) => Promise<JWTPayload> {
  const published = createLocalJWKSet(publicJwks(keys.signingKeys));
  const secret = new TextEncoder().encode(keys.jwtSecret);
  const keyOf: JWTVerifyGetKey = async (header, token) =>
    header.alg === "HS256" ? secret : published(header, token);
  const algorithms = ["HS256", "ES256", "RS256"];
  return async (token) => (await jwtVerify(token, keyOf, { algorithms })).payload;
}
