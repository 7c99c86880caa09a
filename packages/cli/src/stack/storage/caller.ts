import { createTokenVerifier } from "../keys/verify-token.js";
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
export const serviceRole: Caller = {
  role: "service_role",
  owner: undefined,
  claims: { role: "service_role" },
};

export type VerifyCaller = (authorization: string | undefined) => Promise<Caller>;

/** Finds out who calls from `Bearer <token>`. No clock skew, as Storage has none. */
export function createVerifier(keys: StackKeys): VerifyCaller {
  const verify = createTokenVerifier(keys);
  return async (authorization) => {
    const token = authorization?.replace(/^Bearer\s+/i, "");
    if (!token) throw failures.invalidShape("headers must have required property 'authorization'");
    const claims = await verify(token).catch((error: Error) => {
      throw failures.accessDenied(error.message);
    });
    const role = typeof claims.role === "string" && claims.role ? claims.role : "anon";
    return { role, owner: claims.sub, claims };
  };
}
