import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Hono } from "hono";
import type { FunctionConfig } from "../config/types.js";
import type { GatewayEnv } from "../gateway/types.js";
import { publicJwks } from "../keys/jwks.js";
import type { StackKeys } from "../types.js";
import { createFunctions, type FunctionsOptions } from "./functions-app.js";

/** The functions of a project; undefined where it has no `supabase/functions`. */
export function serveFunctions(
  project: string | undefined,
  functions: Record<string, FunctionConfig>,
  options: Omit<FunctionsOptions, "folder" | "functions">,
): Hono<GatewayEnv> | undefined {
  const folder = project && join(project, "supabase", "functions");
  return folder && existsSync(folder) ? createFunctions({ ...options, folder, functions }) : undefined;
}

/** The variables that every Edge Function finds. https://supabase.com/docs/guides/functions/secrets#default-secrets */
export function functionEnvironment(
  url: string,
  keys: StackKeys,
  databaseUrl: string,
): Record<string, string> {
  return {
    SUPABASE_URL: url,
    SUPABASE_ANON_KEY: keys.anonKey,
    SUPABASE_SERVICE_ROLE_KEY: keys.serviceRoleKey,
    SUPABASE_PUBLISHABLE_KEYS: JSON.stringify({ default: keys.publishableKey }),
    SUPABASE_SECRET_KEYS: JSON.stringify({ default: keys.secretKey }),
    SUPABASE_JWKS: JSON.stringify(publicJwks(keys.signingKeys)),
    SUPABASE_DB_URL: databaseUrl,
  };
}
