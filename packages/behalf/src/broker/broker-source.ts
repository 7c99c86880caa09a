import type { BrokerConfig } from "../config/read-broker.js";
import type { Config } from "../config/read-config.js";
import { type BehalfError, BrokerError, errorTable, GrantError, TokenError, UserError } from "../errors.js";
import { readGrant } from "../grants/open-grant.js";
import type { GrantedRequest } from "../grants/types.js";
import { decodeJson, isRecord } from "../keys/json.js";
import { decodeToken } from "../tokens/decode.js";
import { failureReason } from "../tokens/failure-reason.js";
import type { MintedToken, TokenClaims, TokenSource } from "../tokens/types.js";
import { checkClaims } from "../tokens/verify.js";
import { sealActor } from "./actor-token.js";
import { basicHeader } from "./authenticate.js";
import { accessTokenType, actorTokenType, exchangeGrantType, grantTokenType } from "./protocol.js";
import { type Attempt, retry } from "./retry.js";

const patience = 10_000;

/** Gets tokens for grants from a broker. Nothing here can sign one. */
export class BrokerSource implements TokenSource<GrantedRequest> {
  readonly #config: Pick<Config, "issuer" | "fetch">;
  readonly #broker: BrokerConfig;

  constructor(config: Pick<Config, "issuer" | "fetch">, broker: BrokerConfig) {
    this.#config = config;
    this.#broker = broker;
  }

  async issue(request: GrantedRequest): Promise<MintedToken> {
    const form = await this.#formOf(request);
    const token = await retry(() => this.#ask(form));
    const claims = this.#check(token, request);
    return { token, claims, expiresAt: new Date(claims.exp * 1000) };
  }

  async #formOf({ grant, actor, payloadDigest, lifetime, scope }: GrantedRequest): Promise<URLSearchParams> {
    return new URLSearchParams({
      grant_type: exchangeGrantType,
      subject_token: grant,
      subject_token_type: grantTokenType,
      actor_token: await sealActor({ actor, payloadDigest }, grant, this.#broker.secret),
      actor_token_type: actorTokenType,
      requested_token_type: accessTokenType,
      lifetime: String(lifetime),
      ...(scope === undefined ? {} : { scope }),
    });
  }

  // An exchange changes nothing, so asking again is safe.
  async #ask(form: URLSearchParams): Promise<Attempt<string>> {
    const { url, clientId, secret } = this.#broker;
    let response: Response;
    let body: unknown;
    try {
      response = await this.#config.fetch(url, {
        method: "POST",
        headers: {
          authorization: basicHeader(clientId, secret),
          "content-type": "application/x-www-form-urlencoded",
        },
        body: form.toString(),
        redirect: "manual",
        signal: AbortSignal.timeout(patience),
      });
      body = decodeJson(await response.text());
    } catch (cause) {
      return { failure: unreachable(`gave no answer (${failureReason(cause)})`) };
    }
    const { status, headers } = response;
    const retryAfter = Number(headers.get("retry-after")) * 1000 || undefined;
    if (status === 429) return { failure: rateLimited(), retryAfter };
    if (status >= 500) return { failure: unreachable(`answered ${status}`), retryAfter };
    if (!response.ok) throw refusalOf(response, body);
    if (!isRecord(body) || typeof body.access_token !== "string")
      throw unusable("It is no answer to a token exchange");
    return { done: body.access_token };
  }

  /** No key here can verify the token; that it is the grant's can be seen. */
  #check(token: string, { grant }: GrantedRequest): TokenClaims {
    const { sub, jti } = readGrant(grant);
    let claims: TokenClaims;
    try {
      const decoded = decodeToken(token).claims;
      // The times are left to those who get to see the token: this machine's clock may be off.
      const issuedAt = typeof decoded.iat === "number" ? decoded.iat : 0;
      claims = checkClaims(decoded, { issuer: this.#config.issuer, now: issuedAt * 1000 });
    } catch {
      throw unusable("Its token is not one of this project's users");
    }
    if (claims.sub !== sub || claims.grant_id !== jti) throw unusable("Its token is not the grant's");
    return claims;
  }
}

function refusalOf({ status }: Response, body: unknown): BehalfError {
  if (status === 401)
    return new BrokerError(
      "ERR_BROKER_CLIENT_REFUSED",
      "The broker does not know this worker. Set the same BEHALF_BROKER_SECRET (and client id) on both sides.",
    );
  const { code, error } = isRecord(body) ? body : {};
  if (typeof code === "string" && Object.hasOwn(errorTable, code)) {
    const { cause, cure } = errorTable[code as keyof typeof errorTable];
    const message = `The broker refused: ${cause} ${cure}`;
    const [, area] = code.split("_");
    if (area === "GRANT") return new GrantError(code as GrantError["code"], message);
    if (area === "USER") return new UserError(code as UserError["code"], message);
    if (area === "TOKEN") return new TokenError(code as TokenError["code"], message);
  }
  if (typeof error !== "string") return unusable(`It answered ${status}`);
  const reason = /^[a-z_]{1,40}$/.test(error) ? error : "an error";
  return new BrokerError("ERR_BROKER_REFUSED", `The broker refused the exchange: ${reason} (${status}).`);
}

function unreachable(how: string): BrokerError {
  return new BrokerError(
    "ERR_BROKER_UNREACHABLE",
    `The broker ${how}, several times. Check BEHALF_BROKER_URL.`,
    {
      transient: true,
    },
  );
}

function rateLimited(): BrokerError {
  return new BrokerError("ERR_BROKER_RATE_LIMITED", "The broker says that this worker asks too often.", {
    transient: true,
  });
}

function unusable(how: string): BrokerError {
  return new BrokerError(
    "ERR_BROKER_RESPONSE",
    `What answered at BEHALF_BROKER_URL can't be used. ${how}. Check that it leads to createBroker's handler.`,
  );
}
