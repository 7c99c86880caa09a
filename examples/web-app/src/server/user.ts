import type { Environment } from "./environment.ts";
import { Refusal } from "./refusal.ts";

/** The access token that a request carries. */
export function readAccessToken(request: Request): string {
  const [, token] = /^Bearer (\S+)$/i.exec(request.headers.get("authorization") ?? "") ?? [];
  if (!token) throw new Refusal(401, "NOT_SIGNED_IN", "Sign in first.");
  return token;
}

/** Whose access token it is: Supabase Auth is asked, which also knows who has signed out. */
export async function findUserId(
  accessToken: string,
  { supabaseUrl, publishableKey }: Environment,
): Promise<string> {
  const response = await fetch(`${supabaseUrl}/auth/v1/user`, {
    headers: { apikey: publishableKey, authorization: `Bearer ${accessToken}` },
    signal: AbortSignal.timeout(10_000),
  });
  if (response.status >= 500) throw new Refusal(503, "AUTH_UNREACHABLE", "Try again in a moment.");
  const user = response.ok ? ((await response.json()) as { id?: unknown }) : {};
  if (typeof user.id !== "string")
    throw new Refusal(403, "BAD_TOKEN", "This access token is nobody's. Sign in again.");
  return user.id;
}
