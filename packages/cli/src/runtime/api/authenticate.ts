import { createHash, timingSafeEqual } from "node:crypto";
import { validateJWT } from "@trigger.dev/core/v3";
import { createMiddleware } from "hono/factory";
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
    const validated = token.includes(".") ? await validateJWT(token, secretKey) : undefined;
    if (!validated?.ok)
      throw new ApiFailure(401, "Invalid or missing API key. Send TRIGGER_SECRET_KEY as Bearer token.");
    const { scopes } = validated.payload as { scopes?: unknown };
    c.set("access", {
      kind: "public",
      scopes: Array.isArray(scopes)
        ? scopes.filter((scope): scope is string => typeof scope === "string")
        : [],
      claims: validated.payload,
    });
    return next();
  });
}
