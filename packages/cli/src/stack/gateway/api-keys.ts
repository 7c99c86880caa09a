import { createHash } from "node:crypto";
import type { MiddlewareHandler } from "hono";
import type { StackKeys } from "../types.js";
import type { ApiRole, GatewayEnv } from "./types.js";

const digest = (key: string) => createHash("sha256").update(key).digest("base64");

/**
 * Asks for an API key as Supabase's gateway does, in the header or the query's `apikey`. A new-style key stands for the legacy JWT of
 * its role towards what lies behind; a user's own bearer token passes through untouched and is judged there.
 */
export function requireApiKey(keys: StackKeys): MiddlewareHandler<GatewayEnv> {
  const known = new Map<string, { role: ApiRole; secret: boolean }>([
    [digest(keys.anonKey), { role: "anon", secret: false }],
    [digest(keys.serviceRoleKey), { role: "service_role", secret: false }],
    [digest(keys.publishableKey), { role: "anon", secret: false }],
    [digest(keys.secretKey), { role: "service_role", secret: true }],
  ]);
  const bearers: Record<ApiRole, string> = {
    anon: `Bearer ${keys.anonKey}`,
    service_role: `Bearer ${keys.serviceRoleKey}`,
  };
  return async (c, next) => {
    const key = c.req.header("apikey") ?? c.req.query("apikey");
    if (!key) {
      return c.json(
        {
          message: "No API key found in request",
          hint: "No `apikey` request header or url param was found.",
        },
        401,
      );
    }
    const found = known.get(digest(key));
    if (!found) return c.json(unknownKey(key), 401);
    if (found.secret && isBrowser(c.req.header("user-agent"))) {
      return c.json(
        {
          message: "Forbidden use of secret API key in browser",
          hint: "Secret API keys can only be used in a protected environment and should never be used in a browser. Delete this secret API key immediately.",
        },
        401,
      );
    }
    const given = c.req.header("authorization");
    c.set("apiRole", found.role);
    c.set("authorization", given && !/^bearer sb_/i.test(given) ? given : bearers[found.role]);
    await next();
    return undefined;
  };
}

function unknownKey(key: string): { message: string; hint: string } {
  return key.startsWith("sb_")
    ? {
        message: "Unregistered API key",
        hint: "Double check the provided API key as it is not registered for this project.",
      }
    : { message: "Invalid API key", hint: "Double check your Supabase `anon` or `service_role` API key." };
}

/** Every browser still calls itself Mozilla, and hardly anything else does. */
function isBrowser(userAgent: string | undefined): boolean {
  return userAgent?.startsWith("Mozilla/") ?? false;
}
