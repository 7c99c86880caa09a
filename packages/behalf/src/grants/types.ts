import type { Actor, Json, TokenOptions } from "../tokens/types.js";

/** What {@link Behalf.grant} takes. */
export interface GrantOptions {
  /** The access token of the user's own session, as the request carried it. It is verified first. */
  accessToken: string;
  /** The id of the task that may act as the user; or of each of them. */
  task: string | readonly string[];
  /** What the task will be triggered with, without the grant. The grant is then good for this payload alone. */
  payload?: unknown;
  /** How long work may be started and go on: `"15m"`, `"24h"`, `"7d"`, or seconds. 1 second to 30 days. */
  expiresIn: string | number;
  /** Who asked for the work; default the user. */
  initiator?: string;
  /** What the tokens are narrowed to: words, or a string of them separated by spaces. */
  scope?: string | readonly string[];
  /** The database role; default the one of the access token. */
  role?: string;
  /** Claims that the project's policies read beside the standard ones. They travel, readable, in the grant. */
  claims?: Record<string, Json>;
}

/** What a grant says. */
export interface GrantClaims {
  readonly iss: "behalf";
  /** The user. */
  readonly sub: string;
  /** The project, or the environment of it. */
  readonly aud: string;
  readonly tasks: readonly string[];
  readonly initiator: string;
  readonly role: string;
  readonly scope?: string;
  /** Base64url of the SHA-256 of the payload's canonical JSON (RFC 8785). */
  readonly payload_digest?: string;
  readonly claims?: Readonly<Record<string, Json>>;
  /** Who acted as the user when the grant was made, where that was a task. */
  readonly act?: Actor;
  /** Seconds since 1970. */
  readonly iat: number;
  /** Seconds since 1970. */
  readonly exp: number;
  readonly jti: string;
}

/** A sealed grant with what it says. */
export interface Grant {
  /** To pass on in the task's payload. */
  readonly grant: string;
  /** Its id, which tokens carry as `grant_id`. */
  readonly id: string;
  readonly claims: GrantClaims;
  readonly expiresAt: Date;
}

/** Who to act as, said by a grant. */
export interface Granted {
  grant: string;
  /** The payload that the task got. A grant that was made for a payload is refused without it. */
  payload?: unknown;
}

/** What a token from a grant is asked for. Role, claims and initiator are the grant's. */
export type GrantedOptions = Pick<TokenOptions, "actor" | "lifetime" | "scope">;

/** {@link Granted} after checking, before the grant was opened. */
export interface GrantedRequest {
  readonly grant: string;
  readonly payloadDigest: string | undefined;
  /** The task that wants to use it; its `sub` must be among the grant's tasks. */
  readonly actor: Actor;
  /** In seconds. */
  readonly lifetime: number;
  readonly scope: string | undefined;
}
