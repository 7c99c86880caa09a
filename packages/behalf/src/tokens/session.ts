import { BehalfError } from "../errors.js";
import type { Clock } from "./clock.js";
import type { MintedToken, TokenSource } from "./types.js";

/**
 * One identity's token, renewed well before it expires. Renewal re-authorises: a refusal ends the session's calls,
 * and there is no other identity to fall back to.
 */
export class Session {
  readonly #issue: () => Promise<MintedToken>;
  readonly #clock: Clock;
  #minted: MintedToken;
  #renewAt: number;
  #renewing: Promise<string> | undefined;

  private constructor(issue: () => Promise<MintedToken>, clock: Clock, minted: MintedToken) {
    this.#issue = issue;
    this.#clock = clock;
    this.#minted = minted;
    this.#renewAt = this.#planRenewal(minted);
  }

  /** Gets the first token; rejects if there is none to be had. */
  static async start<Request>(
    source: TokenSource<Request>,
    request: Request,
    clock: Clock,
  ): Promise<Session> {
    const issue = () => source.issue(request);
    return new Session(issue, clock, await issue());
  }

  /** Whether the token needs no renewal yet. One from the future was minted before the clock was known to be ahead. */
  get isFresh(): boolean {
    const now = this.#clock.now();
    return now < this.#renewAt && now >= this.#minted.claims.iat * 1000;
  }

  /** The token last issued, fresh or not. It is the user's in any case. */
  get lastToken(): string {
    return this.#minted.token;
  }

  /** A token that is valid now. Rejects with the reason when it can't be renewed. */
  async token(): Promise<string> {
    return this.isFresh ? this.#minted.token : this.renew();
  }

  /** Gets a new token now; concurrent callers share one renewal. */
  renew(): Promise<string> {
    this.#renewing ??= this.#renew().finally(() => {
      this.#renewing = undefined;
    });
    return this.#renewing;
  }

  async #renew(): Promise<string> {
    try {
      this.#minted = await this.#issue();
      this.#renewAt = this.#planRenewal(this.#minted);
    } catch (error) {
      // The auth server being away is no reason to stop while the token lasts. A refusal is.
      const isValid = this.#clock.now() < this.#minted.expiresAt.getTime() - 1000;
      if (!(error instanceof BehalfError && error.transient && isValid)) throw error;
    }
    return this.#minted.token;
  }

  // Early by a third of the life or by two minutes, with jitter: tokens minted together are not renewed together.
  #planRenewal({ expiresAt, claims }: MintedToken): number {
    const life = expiresAt.getTime() - this.#clock.now();
    const early = Math.min(life / 3, 120_000) * (0.75 + Math.random() / 2);
    return claims.exp * 1000 - early;
  }
}
