import type { JWTPayload } from "jose";
import type { Pool } from "pg";
import type { AuthConfig } from "../config/types.js";
import type { GatewayEnv } from "../gateway/types.js";
import type { AccessTokens } from "./access-tokens.js";
import type { UserRow } from "./users.js";

/** What the routes of `/auth/v1` share. */
export interface AuthContext {
  pool: Pool;
  config: AuthConfig;
  tokens: AccessTokens;
}

/** What a verified bearer token says. */
export interface BearerClaims extends JWTPayload {
  role?: string;
  session_id?: string;
}

export interface AuthEnv extends GatewayEnv {
  Variables: GatewayEnv["Variables"] & {
    /** Set, like the next two, on routes that ask for a signed-in user. */
    claims: BearerClaims;
    user: UserRow;
    /** Absent for a token that names no session, such as a minted one. */
    sessionId: string | undefined;
  };
}
