import { createHash, timingSafeEqual } from "node:crypto";
import { createMiddleware } from "hono/factory";
import { verifyPublicToken } from "./access/public-tokens.js";
import type { ApiEnv } from "./context.js";
import { ApiFailure } from "./failure.js";

const digest = (text: string) => createHash("sha256").update(text).digest();

/** Lets in who has the secret key, or a public token signed with it. */
export function authenticate(secretKey: string) {
  const expected = digest(secretKey);
  return createMiddleware<ApiEnv>(async (c, next) => {
    const token = /^Bearer (.+)$/i.exec(c.req.header("authorization") ?? "")?.[1] ?? "";
    if (timingSafeEqual(digest(token), expected)) {
      c.set("access", { kind: "secret" });
      return next();
    }
    const claims = token.includes(".") ? await verifyPublicToken(secretKey, token) : undefined;
    if (!claims)
      throw new ApiFailure(401, "Invalid or missing API key. Send TRIGGER_SECRET_KEY as Bearer token.");
    const { scopes } = claims;
    c.set("access", {
      kind: "public",
      scopes: Array.isArray(scopes)
        ? scopes.filter((scope): scope is string => typeof scope === "string")
        : [],
      claims,
    });
    return next();
  });
}
