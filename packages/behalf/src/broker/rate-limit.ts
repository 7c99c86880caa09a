import { OAuthError } from "./oauth-error.js";

/** How often one worker may ask. */
export interface RateLimit {
  /** Exchanges per minute in the long run. */
  perMinute: number;
  /** Exchanges at once. */
  burst: number;
}

/** A token bucket for each client: full at first, refilled evenly. It counts in this process alone. */
export class RateLimiter {
  readonly #limit: RateLimit;
  readonly #now: () => number;
  readonly #buckets = new Map<string, { tokens: number; at: number }>();

  constructor(limit: RateLimit, now: () => number = Date.now) {
    this.#limit = limit;
    this.#now = now;
  }

  /** @throws OAuthError with 429 and `Retry-After` when the client's bucket is empty. */
  take(client: string): void {
    const { perMinute, burst } = this.#limit;
    const now = this.#now();
    const bucket = this.#buckets.get(client) ?? { tokens: burst, at: now };
    const refilled = Math.max(0, now - bucket.at) * (perMinute / 60_000);
    const tokens = Math.min(burst, bucket.tokens + refilled);
    this.#buckets.set(client, { tokens: tokens < 1 ? tokens : tokens - 1, at: now });
    if (tokens >= 1) return;
    const seconds = Math.ceil(((1 - tokens) * 60) / perMinute);
    throw new OAuthError("temporarily_unavailable", "This client asks too often.", {
      status: 429,
      headers: { "retry-after": String(seconds) },
      code: "ERR_BROKER_RATE_LIMITED",
    });
  }
}
