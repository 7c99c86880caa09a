import { createHash } from "node:crypto";
import { Hono } from "hono";
import { jwtVerify, SignJWT } from "jose";
import type { ApiContext, ApiEnv } from "../context.js";
import { ApiFailure, parseJson } from "../failure.js";

const issuer = "https://id.trigger.dev";
const audience = "https://api.trigger.dev";

/** What the SDK puts into a public token before it signs it with the secret key itself. */
export const publicClaims = { sub: "env_local", pub: true };

export async function signPublicToken(
  secretKey: string,
  claims: Record<string, unknown>,
  expirationTime: string | number = "15m",
): Promise<string> {
  return new SignJWT({ ...claims, ...publicClaims })
    .setProtectedHeader({ alg: "HS256" })
    .setIssuer(issuer)
    .setAudience(audience)
    .setIssuedAt()
    .setExpirationTime(expirationTime)
    .sign(new TextEncoder().encode(secretKey));
}

/** The claims of a public token of this environment; undefined for everything else. */
export async function verifyPublicToken(
  secretKey: string,
  token: string,
): Promise<Record<string, unknown> | undefined> {
  try {
    const { payload } = await jwtVerify(token, new TextEncoder().encode(secretKey), {
      issuer,
      audience,
      algorithms: ["HS256"],
      requiredClaims: ["exp"],
    });
    return payload.pub === true && payload.sub === publicClaims.sub ? payload : undefined;
  } catch {
    return undefined;
  }
}

/** Names a token without saying anything of it. */
export function hashToken(token: string): string {
  return createHash("sha256").update(token).digest("base64url");
}

/** Claims for the SDK to sign, and tokens signed here for keys that can't sign. */
export function publicTokenRoutes({ secretKey }: ApiContext): Hono<ApiEnv> {
  return new Hono<ApiEnv>()
    .post("/api/v1/auth/jwt/claims", (c) => c.json(publicClaims))
    .post("/api/v1/auth/public-tokens", async (c) => {
      const { scopes, expirationTime, oneTimeUse, realtime } = readRequest(parseJson(await c.req.text()));
      const claims = { scopes, ...(oneTimeUse ? { otu: true } : {}), ...(realtime ? { realtime } : {}) };
      return c.json({ token: await signPublicToken(secretKey, claims, expirationTime) });
    });
}

function readRequest(body: unknown) {
  const { scopes, expirationTime, oneTimeUse, realtime } = (body ?? {}) as Record<string, unknown>;
  if (!Array.isArray(scopes) || scopes.length === 0 || !scopes.every((scope) => typeof scope === "string")) {
    throw new ApiFailure(400, "scopes has to be a list of at least one scope, such as read:runs:run_1234.");
  }
  return {
    scopes: scopes as string[],
    expirationTime:
      typeof expirationTime === "string" || typeof expirationTime === "number" ? expirationTime : undefined,
    oneTimeUse: oneTimeUse === true,
    realtime,
  };
}
