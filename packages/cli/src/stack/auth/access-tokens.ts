import { type CryptoKey, importJWK, type JWK, SignJWT } from "jose";
import { createTokenVerifier } from "../keys/verify-token.js";
import type { StackKeys } from "../types.js";
import { AuthFailure } from "./failure.js";
import type { AccessTokens } from "./types.js";

/** `lifetime` is in seconds. Where the project has a signing key its first signs; the legacy secret always verifies. */
export function createAccessTokens(keys: StackKeys, issuer: string, lifetime: number): AccessTokens {
  const secret = new TextEncoder().encode(keys.jwtSecret);
  const signing = keys.signingKeys[0];
  const imported = new Map<JWK, Promise<CryptoKey | Uint8Array>>();
  const load = (key: JWK) => {
    // A private JWK made by the Supabase CLI claims both "sign" and "verify", which Web Crypto refuses.
    const { key_ops: _, ...usable } = key;
    const known = imported.get(key) ?? importJWK(usable, algorithmOf(key));
    imported.set(key, known);
    return known;
  };
  const verify = createTokenVerifier(keys);
  return {
    async sign(user, session) {
      const now = Math.floor(Date.now() / 1000);
      const expiresAt = now + lifetime;
      const unsigned = new SignJWT({
        iss: issuer,
        sub: user.id,
        aud: user.aud,
        exp: expiresAt,
        iat: now,
        email: user.email ?? "",
        phone: user.phone ?? "",
        app_metadata: user.raw_app_meta_data ?? {},
        user_metadata: user.raw_user_meta_data ?? {},
        role: user.role,
        aal: "aal1",
        amr: session.amr,
        session_id: session.sessionId,
        is_anonymous: user.is_anonymous,
      });
      const header = signing
        ? { alg: algorithmOf(signing), typ: "JWT", ...(signing.kid ? { kid: signing.kid } : {}) }
        : { alg: "HS256", typ: "JWT" };
      const token = await unsigned.setProtectedHeader(header).sign(signing ? await load(signing) : secret);
      return { token, expiresAt };
    },
    async verify(token) {
      try {
        return await verify(token);
      } catch (cause) {
        const reason = (cause as Error).message;
        throw new AuthFailure(403, "bad_jwt", `invalid JWT: unable to parse or verify signature, ${reason}`);
      }
    },
  };
}

function algorithmOf(key: JWK): string {
  return key.alg ?? (key.kty === "RSA" ? "RS256" : "ES256");
}
