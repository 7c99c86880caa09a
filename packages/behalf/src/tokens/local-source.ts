import type { Config } from "../config/read-config.js";
import { requireSecretKey, requireSigningKey } from "../config/read-config.js";
import { ConfigError, TokenError } from "../errors.js";
import { classifyKey } from "../keys/classify.js";
import type { Key } from "../keys/key.js";
import type { Clock } from "./clock.js";
import { decodeToken } from "./decode.js";
import { lookUpUser } from "./look-up-user.js";
import { checkSignature, signClaims } from "./sign.js";
import type { Json, MintedToken, TokenClaims, TokenRequest, TokenSource } from "./types.js";
import { checkClaims } from "./verify.js";

const backdate = 30;

/** Mints tokens with the configured key: looks the user up where asked to, signs, and verifies what came out. */
export class LocalSource implements TokenSource {
  readonly #config: Config;
  readonly #clock: Clock;
  #checked: Promise<void> | undefined;

  constructor(config: Config, clock: Clock) {
    this.#config = config;
    this.#clock = clock;
  }

  async issue(request: TokenRequest): Promise<MintedToken> {
    const { issuer } = this.#config;
    const signing = requireSigningKey(this.#config);
    this.#checked ??= this.#checkSecret();
    await this.#checked;
    const known = await this.#lookUp(request.userId);
    const claims = buildClaims(request, known, issuer, Math.floor(this.#clock.now() / 1000));
    const token = await signClaims(signing, claims);
    checkOwn(token, signing, { issuer, now: this.#clock.now() });
    return { token, claims, expiresAt: new Date(claims.exp * 1000) };
  }

  async #lookUp(userId: string): Promise<Record<string, Json>> {
    if (this.#config.users !== "lookup") return {};
    const secretKey = requireSecretKey(this.#config, 'users: "lookup" fetches users with it.');
    return lookUpUser(userId, { url: this.#config.url, fetch: this.#config.fetch, secretKey }, this.#clock);
  }

  // The legacy API keys are tokens signed with the JWT secret, so they tell whether it is this project's.
  async #checkSecret(): Promise<void> {
    const { keyring, publishableKey } = this.#config;
    if (keyring.signing?.algorithm !== "HS256" || publishableKey === undefined) return;
    if (classifyKey(publishableKey).kind !== "anon-jwt") return;
    const header = JSON.parse(Buffer.from(publishableKey.split(".")[0] ?? "", "base64url").toString());
    if (header.alg !== "HS256" || header.kid !== undefined) return;
    await checkSignature(publishableKey, keyring).catch(() => {
      throw new ConfigError(
        "ERR_CONFIG_PROJECT_MISMATCH",
        "SUPABASE_JWT_SECRET did not sign the anon key, so they belong to different Supabase projects. " +
          "Copy both from the settings of one project.",
      );
    });
  }
}

/** Verifies what was just signed, before anybody gets it. */
function checkOwn(token: string, key: Key, options: { issuer: string; now: number }): void {
  const { claims } = decodeToken(token);
  const end = token.lastIndexOf(".");
  if (!key.made(Buffer.from(token.slice(end + 1), "base64url"), token.slice(0, end)))
    throw new TokenError(
      "ERR_TOKEN_SIGNATURE",
      "The signing key made a token that it doesn't verify itself.",
    );
  checkClaims(claims, options);
}

/** The claims of a token, in the order of GoTrue's own. `now` is in seconds. */
export function buildClaims(
  request: TokenRequest,
  known: Readonly<Record<string, Json>>,
  issuer: string,
  now: number,
): TokenClaims {
  const { actor, initiator, scope, grantId } = request;
  return {
    aal: "aal1",
    is_anonymous: false,
    ...known,
    ...request.claims,
    iss: issuer,
    sub: request.userId,
    aud: "authenticated",
    role: request.role,
    iat: now - backdate,
    exp: now + request.lifetime,
    ...(actor === undefined ? {} : { act: actor }),
    ...(initiator === undefined ? {} : { initiator }),
    ...(scope === undefined ? {} : { scope }),
    ...(grantId === undefined ? {} : { grant_id: grantId }),
  };
}
