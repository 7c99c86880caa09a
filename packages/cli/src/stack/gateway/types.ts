import type { HttpBindings } from "@hono/node-server";

/** Whose rights an API key carries. */
export type ApiRole = "anon" | "service_role";

/** What every part behind the gateway finds in Hono's context. */
export interface GatewayEnv {
  Bindings: HttpBindings;
  Variables: {
    /** Role of the API key that came with the request; absent on open routes. */
    apiRole: ApiRole;
    /** `Bearer …` that counts: the user's own token, or the legacy JWT of the API key's role. */
    authorization: string;
    /** Set when an Edge Function answered: its headers are its own. */
    answeredByFunction?: boolean;
  };
}
