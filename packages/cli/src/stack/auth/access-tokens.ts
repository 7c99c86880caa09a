import { type CryptoKey, importJWK, type JWK, jwtVerify, SignJWT } from "jose";
import { publicJwk } from "../keys/jwks.js";
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
  const verifying = keys.signingKeys.map(publicJwk);
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
        const { payload } = await jwtVerify(
          token,
          async ({ alg, kid }) => {
            if (alg === "HS256") return secret;
            const key = verifying.find(
              (candidate) => candidate.kid === kid && algorithmOf(candidate) === alg,
            );
            if (!key) throw new Error(`unrecognized JWT kid ${kid} for algorithm ${alg}`);
            return load(key);
          },
          { algorithms: ["HS256", ...verifying.map(algorithmOf)] },
        );
        return payload;
      } catch (error) {
        throw new AuthFailure(
          403,
          "bad_jwt",
          `invalid JWT: unable to parse or verify signature, ${(error as Error).message}`,
        );
      }
    },
  };
}

function algorithmOf(key: JWK): string {
  return key.alg ?? (key.kty === "RSA" ? "RS256" : "ES256");
}
