import { createClient, type SupabaseClient } from "@supabase/supabase-js";
import { type Config, requireUserKeys } from "../config/read-config.js";
import type { Clock } from "../tokens/clock.js";
import type { Session } from "../tokens/session.js";
import { realtimeSecrets, redact, redactChannels } from "./redact.js";
import { webSocketTransport } from "./transport.js";
import { createUserFetch } from "./user-fetch.js";

/** Makes the client of one session. Rest, Storage, Functions and Realtime all carry that session's token. */
export function createUserClient(config: Config, session: Session, clock: Clock): SupabaseClient {
  const { publishableKey } = requireUserKeys(config);
  const client = createClient(config.url, publishableKey, {
    auth: { persistSession: false, autoRefreshToken: false, detectSessionInUrl: false },
    // Never rejects: the fetch below is called next, has the reason, and can make it visible.
    accessToken: async () => session.lastToken,
    global: { fetch: createUserFetch(config, session, clock) },
    realtime: { transport: webSocketTransport(), accessToken: () => session.token() },
  });
  // The parts hold the key and the token too.
  redact(client.realtime, "RealtimeClient {}", realtimeSecrets);
  redactChannels(client.realtime);
  return redact(client, "SupabaseClient { user }");
}
