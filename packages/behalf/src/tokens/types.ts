/** Who does the work, as the `act` claim of RFC 8693 says it: the newest outermost, each with the one that asked it. */
export interface Actor {
  /** The task's id. */
  readonly sub: string;
  /** The run's id. */
  readonly run?: string;
  /** The attempt's number, from 1. */
  readonly attempt?: number;
  /** The actor that had this one do it. */
  readonly act?: Actor;
}

/** A value that JSON can hold. */
export type Json = string | number | boolean | null | Json[] | { [name: string]: Json | undefined };

/** The claims of a token that behalf mints. */
export interface TokenClaims {
  readonly iss: string;
  readonly sub: string;
  readonly aud: string;
  readonly role: string;
  /** Seconds since 1970. Backdated, because some services allow clocks no difference at all. */
  readonly iat: number;
  /** Seconds since 1970. */
  readonly exp: number;
  readonly act?: Actor;
  /** Who asked for the work. */
  readonly initiator?: string;
  /** What the token is narrowed to, as space-separated words; absent when it isn't. */
  readonly scope?: string;
  readonly grant_id?: string;
  readonly [claim: string]: unknown;
}

/** A token with what it says. */
export interface MintedToken {
  readonly token: string;
  readonly claims: TokenClaims;
  readonly expiresAt: Date;
}

/** What a token is asked for. */
export interface TokenOptions {
  /** The database role; default `authenticated`. Roles that pass over Row Level Security are refused. */
  role?: string;
  /** Claims that the project's policies read beside the standard ones. */
  claims?: Record<string, Json>;
  /** How long one token lives: `"45s"`, `"15m"`, `"1h"` (default), or seconds. 1 second to 24 hours. */
  lifetime?: string | number;
  /** Who does the work; default the current run of Trigger.dev, where there is one. */
  actor?: Actor;
  /** Who asked for the work. */
  initiator?: string;
  /** What the token is narrowed to: words, or a string of them separated by spaces. */
  scope?: string | readonly string[];
}

/** {@link TokenOptions} after checking: what a {@link TokenSource} works from. */
export interface TokenRequest {
  readonly userId: string;
  readonly role: string;
  readonly claims: Readonly<Record<string, Json>>;
  /** In seconds. */
  readonly lifetime: number;
  readonly actor: Actor | undefined;
  readonly initiator: string | undefined;
  readonly scope: string | undefined;
  readonly grantId?: string | undefined;
}

/** Where tokens come from: the local signer, or a broker that keeps the key elsewhere. */
export interface TokenSource<Request = TokenRequest> {
  /** Gets a token that has been checked. Rejects with a BehalfError. Called again at each renewal, so it re-authorises. */
  issue(request: Request): Promise<MintedToken>;
}
