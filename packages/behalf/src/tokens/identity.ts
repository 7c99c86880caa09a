import type { Clock } from "./clock.js";
import { Session } from "./session.js";
import type { MintedToken, TokenSource } from "./types.js";

/** Somebody to act as, and where their tokens come from. */
export interface Identity {
  /** Equal for the same identity. */
  readonly key: string;
  issue(): Promise<MintedToken>;
  start(clock: Clock): Promise<Session>;
}

/** The identity of a checked request. */
export function identityOf<Request>(source: TokenSource<Request>, request: Request): Identity {
  return {
    key: JSON.stringify(request),
    issue: () => source.issue(request),
    start: (clock) => Session.start(source, request, clock),
  };
}
