import type { Config } from "../config/read-config.js";
import { GrantError } from "../errors.js";
import { decodeJson, isRecord } from "../keys/json.js";
import type { Key } from "../keys/key.js";
import { Keyring } from "../keys/keyring.js";
import { parsePublicKeys } from "../keys/parse-keys.js";
import { decodeToken } from "../tokens/decode.js";
import { failureReason } from "../tokens/failure-reason.js";

// How long Supabase lets its own caches keep the keys.
const maxAge = 600_000;
// A token that names a key nobody has must not make every call ask.
const pause = 30_000;
const patience = 10_000;

/** The keys that verify access tokens of the project: the configured ones and, where those don't do, the published ones. */
export class ProjectKeys {
  readonly #config: Pick<Config, "keyring" | "jwksUrl" | "fetch">;
  #published: readonly Key[] = [];
  #fetchedAt = Number.NEGATIVE_INFINITY;
  #fetching: Promise<void> | undefined;

  constructor(config: Pick<Config, "keyring" | "jwksUrl" | "fetch">) {
    this.#config = config;
  }

  /**
   * The keys that a token may be verified with. Published keys are fetched when none that is known fits.
   *
   * @throws TokenError for what is no token, GrantError when the keys can't be fetched.
   */
  async keyringFor(token: unknown): Promise<Keyring> {
    const { algorithm, kid } = decodeToken(token);
    const fits = (keyring: Keyring) => keyring.candidates(algorithm, kid).length > 0;
    // Secrets are never published.
    if (algorithm === "HS256" || fits(this.#config.keyring)) return this.#config.keyring;
    const age = Date.now() - this.#fetchedAt;
    if (age > maxAge || (age > pause && !fits(this.#together()))) await this.#refresh();
    return this.#together();
  }

  #together(): Keyring {
    const configured = this.#config.keyring.keys;
    const known = new Set(configured.map(({ kid }) => kid));
    return new Keyring([...configured, ...this.#published.filter(({ kid }) => !known.has(kid))]);
  }

  #refresh(): Promise<void> {
    this.#fetching ??= this.#fetch().finally(() => {
      this.#fetching = undefined;
    });
    return this.#fetching;
  }

  async #fetch(): Promise<void> {
    const { jwksUrl, fetch } = this.#config;
    let body: unknown;
    let reason: string;
    try {
      const response = await fetch(jwksUrl, { signal: AbortSignal.timeout(patience) });
      reason = `status ${response.status}`;
      body = response.ok ? decodeJson(await response.text()) : undefined;
    } catch (cause) {
      reason = failureReason(cause);
    }
    if (!isRecord(body) || !Array.isArray(body.keys))
      throw new GrantError(
        "ERR_GRANT_KEYS_UNREACHABLE",
        `The project's public keys could not be fetched (${reason}), so the access token can't be verified. ` +
          "Check SUPABASE_URL (or SUPABASE_JWKS_URL).",
        { transient: true },
      );
    this.#published = body.keys.flatMap((jwk: unknown) => (isRecord(jwk) ? parsePublished(jwk) : []));
    this.#fetchedAt = Date.now();
  }
}

// A project may publish keys of kinds that behalf doesn't know, beside those that it does.
function parsePublished(jwk: object): Key[] {
  try {
    return parsePublicKeys(jwk, "The project's JWKS");
  } catch {
    return [];
  }
}
