import { createClient, type SupabaseClient } from "@supabase/supabase-js";
import { type Config, requireSecretKey } from "../config/read-config.js";
import type { Clock } from "../tokens/clock.js";
import { redact, redactChannels } from "./redact.js";
import { webSocketTransport } from "./transport.js";

/** Makes a client for the service role. It stays the service role's, even if somebody signs in on it. */
export function createServiceClient(
  config: Config,
  headers: Record<string, string>,
  clock: Clock,
): SupabaseClient {
  const key = requireSecretKey(config, "asService sends its requests with it.");
  const client = createClient(config.url, key, {
    auth: { persistSession: false, autoRefreshToken: false, detectSessionInUrl: false },
    global: { headers, fetch: createServiceFetch(config, key, clock) },
    realtime: { transport: webSocketTransport() },
  });
  for (const part of [client.realtime, client.auth, client.auth.admin])
    redact(part, `${part.constructor.name} {}`);
  redactChannels(client.realtime);
  return redact(client, "SupabaseClient { service }");
}

// A session on the client would replace the key, and the service role would silently become a user.
function createServiceFetch(config: Config, key: string, clock: Clock): typeof fetch {
  const bearer = `Bearer ${key}`;
  return async (input, init) => {
    const url = input instanceof Request ? input.url : String(input);
    const headers = new Headers(init?.headers);
    const isAuth = url.startsWith(`${config.url}/auth/v1/`);
    if (!isAuth && headers.has("authorization")) headers.set("authorization", bearer);
    const response = await config.fetch(input, { ...init, headers });
    clock.observe(response.headers);
    return response;
  };
}
