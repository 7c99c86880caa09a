import { checkActor } from "../tokens/check-request.js";
import type { Actor, MintedToken, TokenRequest, TokenSource } from "../tokens/types.js";
import { type OpenContext, openGrant } from "./open-grant.js";
import { narrowScope } from "./scope.js";
import type { GrantClaims, GrantedRequest } from "./types.js";

/**
 * Gets tokens for grants. The grant is opened anew each time, so a renewal after its end is refused, and no token
 * outlives it.
 */
export class GrantedSource implements TokenSource<GrantedRequest> {
  readonly #tokens: TokenSource;
  readonly #context: OpenContext;

  constructor(tokens: TokenSource, context: OpenContext) {
    this.#tokens = tokens;
    this.#context = context;
  }

  async issue(request: GrantedRequest): Promise<MintedToken> {
    const grant = await openGrant(request, this.#context);
    return this.#tokens.issue(asTokenRequest(grant, request, this.#context.clock.now()));
  }
}

function asTokenRequest(grant: GrantClaims, request: GrantedRequest, now: number): TokenRequest {
  return {
    userId: grant.sub,
    role: grant.role,
    claims: grant.claims ?? {},
    lifetime: Math.min(request.lifetime, grant.exp - Math.floor(now / 1000)),
    actor: grant.act === undefined ? request.actor : checkActor(actAfter(request.actor, grant.act)),
    initiator: grant.initiator,
    scope: narrowScope(grant.scope, request.scope),
    grantId: grant.jti,
  };
}

/** The chain of actors with the ones before it at its inner end. */
function actAfter(actor: Actor, before: Actor): Actor {
  return { ...actor, act: actor.act === undefined ? before : actAfter(actor.act, before) };
}
