import type { JWTPayload } from "jose";
import type { Pool } from "pg";
import type { AuthConfig } from "../config/types.js";
import type { GatewayEnv } from "../gateway/types.js";
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

/** Signs and verifies the access tokens of `/auth/v1`. */
export interface AccessTokens {
  sign(user: UserRow, session: TokenSession): Promise<{ token: string; expiresAt: number }>;
  /**
   * The claims, if one of the project's keys signed them and their time is now.
   *
   * @throws {AuthFailure} 403 `bad_jwt` otherwise.
   */
  verify(token: string): Promise<BearerClaims>;
}

/** What a token says of the session that it belongs to. */
export interface TokenSession {
  sessionId: string;
  /** How the user proved who they are; seconds since 1970. */
  amr: { method: string; timestamp: number }[];
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
