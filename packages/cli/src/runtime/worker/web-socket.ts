import { WebSocket } from "ws";

/** Node has a global WebSocket since 22; without one `createClient()` of supabase-js throws. */
export function supplyWebSocket(): void {
  if (!("WebSocket" in globalThis)) Object.assign(globalThis, { WebSocket });
}
