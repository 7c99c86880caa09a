import type { SupabaseClientOptions } from "@supabase/supabase-js";

type Transport = NonNullable<NonNullable<SupabaseClientOptions<"public">["realtime"]>["transport"]>;

/**
 * Stands in for WebSocket where the runtime has none (Node before 22), so that a client can be made there at all.
 * Only subscribing to Realtime fails, and says why.
 */
class MissingWebSocket {
  constructor() {
    throw new Error(
      "This runtime has no WebSocket, so Realtime is not available. Use Node 22 or later (Trigger.dev: runtime node-22).",
    );
  }
}

/** The runtime's WebSocket, or a stand-in. */
export function webSocketTransport(): Transport {
  return (globalThis.WebSocket ?? MissingWebSocket) as unknown as Transport;
}
