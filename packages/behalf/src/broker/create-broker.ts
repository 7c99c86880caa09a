import { findValue, malformed, missing } from "../config/environment.js";
import type { BehalfOptions } from "../config/options.js";
import { checkBrokerSecret, defaultClientId } from "../config/read-broker.js";
import {
  type Config,
  keysOf,
  readConfig,
  requireSecretKey,
  requireSigningKey,
} from "../config/read-config.js";
import { GrantKeys } from "../grants/grant-keys.js";
import { GrantedSource } from "../grants/granted-source.js";
import { Clock } from "../tokens/clock.js";
import { LocalSource } from "../tokens/local-source.js";
import { authenticate, type Clients } from "./authenticate.js";
import { answer, answerError, asOAuthError, OAuthError } from "./oauth-error.js";
import { accessTokenType } from "./protocol.js";
import { type RateLimit, RateLimiter } from "./rate-limit.js";
import { readExchange, readForm } from "./read-exchange.js";

/** One exchange, granted or refused, for the broker's own log. No token and no secret is in it. */
export interface ExchangeEvent {
  readonly client?: string;
  readonly task?: string;
  readonly run?: string;
  readonly userId?: string;
  readonly grantId?: string;
  readonly status: number;
  /** Why it was refused. */
  readonly code?: string;
}

/** What {@link createBroker} takes: the project's keys as createBehalf does, and who may ask. */
export interface CreateBrokerOptions
  extends Omit<BehalfOptions, "broker" | "requireGrant" | "cacheSize" | "publishableKey" | "anonKey"> {
  /** The workers: client id → secret, or several while one is being replaced. Default: `worker` with `BEHALF_BROKER_SECRET`. */
  clients?: Record<string, string | readonly string[]>;
  /** Per client and process; default 600 a minute and 100 at once. */
  rateLimit?: RateLimit | false;
  /** Called after each request. */
  onExchange?: (event: ExchangeEvent) => void;
}

const defaultRateLimit: RateLimit = { perMinute: 600, burst: 100 };

/**
 * A broker: exchanges grants for users' tokens (RFC 8693), so that workers hold no key that signs. It is a handler of
 * web-standard requests, for Node, Deno and Supabase Edge Functions, Bun, and Workers.
 *
 * It authenticates the worker by `client_secret_basic`, opens the grant, checks the task and the payload that the worker
 * states, and mints. Errors are those of RFC 6749, with behalf's code beside them.
 *
 * @throws ConfigError or KeyError, at once, when it lacks a key or knows no worker.
 *
 * @example
 * ```ts
 * Deno.serve(createBroker());
 * ```
 */
export function createBroker(options: CreateBrokerOptions = {}): (request: Request) => Promise<Response> {
  const config = readConfig(options, requireBroker);
  const clock = new Clock();
  const source = new GrantedSource(new LocalSource(config, clock), {
    config,
    grantKeys: new GrantKeys(config),
    clock,
  });
  const clients = readClients(options, config);
  const limiter = options.rateLimit === false ? undefined : new RateLimiter(readRateLimit(options.rateLimit));
  const audiences = [config.url, config.grantAudience];

  async function exchange(request: Request, event: Event): Promise<Response> {
    if (request.method !== "POST")
      throw new OAuthError("invalid_request", "A token exchange is a POST.", {
        status: 405,
        headers: { allow: "POST" },
      });
    const client = await authenticate(request, clients);
    event.client = client.id;
    limiter?.take(client.id);
    const asked = await readExchange(await readForm(request), client, audiences);
    Object.assign(event, { task: asked.actor.sub, run: asked.actor.run });
    const { token, claims } = await source.issue(asked);
    Object.assign(event, { userId: claims.sub, grantId: claims.grant_id });
    return answer({
      access_token: token,
      issued_token_type: accessTokenType,
      token_type: "Bearer",
      expires_in: claims.exp - Math.floor(clock.now() / 1000),
      ...(claims.scope === undefined ? {} : { scope: claims.scope }),
    });
  }

  return async (request) => {
    const event: Event = {};
    try {
      const response = await exchange(request, event);
      options.onExchange?.({ ...event, status: response.status });
      return response;
    } catch (error) {
      const refusal = asOAuthError(error);
      const code = (error as { code?: unknown }).code;
      options.onExchange?.({
        ...event,
        status: refusal.status,
        code: typeof code === "string" ? code : refusal.error,
      });
      return answerError(refusal);
    }
  };
}

type Event = { -readonly [Name in Exclude<keyof ExchangeEvent, "status" | "code">]?: ExchangeEvent[Name] };

function requireBroker(config: Config): void {
  requireSigningKey(config);
  if (!config.grantKeys && !config.keyring.keys.some(({ algorithm }) => algorithm === "HS256"))
    throw missing("BEHALF_GRANT_KEY", "Grants are opened with it: the app's grant key, or its public half.");
  if (config.users === "lookup") requireSecretKey(config, 'users: "lookup" fetches users with it.');
}

function readClients(options: CreateBrokerOptions, config: Config): Clients {
  const given = Object.entries(options.clients ?? {}).map(([id, secrets]) => ({
    id,
    secrets: [secrets].flat().map((value) => ({ value, origin: `The secret of the client ${id}` })),
  }));
  if (given.length === 0) {
    const secret = findValue({}, config.environment, ["BEHALF_BROKER_SECRET"]);
    const id = findValue({}, config.environment, ["BEHALF_BROKER_CLIENT_ID"])?.value ?? defaultClientId;
    if (secret) given.push({ id, secrets: [secret] });
  }
  if (given.length === 0)
    throw missing("BEHALF_BROKER_SECRET", "Workers prove with it who they are (option clients).");
  return new Map(
    given.map(({ id, secrets }) => [id, secrets.map((secret) => checkBrokerSecret(secret, keysOf(config)))]),
  );
}

function readRateLimit(limit: RateLimit = defaultRateLimit): RateLimit {
  if (!(limit.perMinute > 0 && Number.isFinite(limit.perMinute) && limit.burst >= 1))
    throw malformed("The option rateLimit", "needs perMinute above 0 and burst from 1");
  return limit;
}
