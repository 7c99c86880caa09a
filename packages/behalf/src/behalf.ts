import type { SupabaseClient } from "@supabase/supabase-js";
import { BrokerSource } from "./broker/broker-source.js";
import { RecentCache } from "./clients/cache.js";
import { describeAs } from "./clients/redact.js";
import { createServiceClient } from "./clients/service-client.js";
import { type ServiceOptions, serviceHeaders } from "./clients/service-headers.js";
import type { BehalfClient } from "./clients/types.js";
import { createUserClient } from "./clients/user-client.js";
import type { BehalfOptions } from "./config/options.js";
import { readConfig, requireUserKeys } from "./config/read-config.js";
import { GrantError } from "./errors.js";
import { GrantKeys } from "./grants/grant-keys.js";
import { checkGranted, isGranted } from "./grants/granted-request.js";
import { GrantedSource } from "./grants/granted-source.js";
import { ProjectKeys } from "./grants/project-keys.js";
import { sealGrant } from "./grants/seal-grant.js";
import type { Grant, Granted, GrantedOptions, GrantOptions } from "./grants/types.js";
import { checkRequest } from "./tokens/check-request.js";
import { Clock } from "./tokens/clock.js";
import { type Identity, identityOf } from "./tokens/identity.js";
import { LocalSource } from "./tokens/local-source.js";
import type { Session } from "./tokens/session.js";
import type { MintedToken, TokenOptions } from "./tokens/types.js";
import { findCurrentRun } from "./trigger/current-run.js";

/** Gives out Supabase clients that act as somebody. Made by {@link createBehalf}. */
export interface Behalf<Database = unknown> {
  /**
   * A client that acts as the user: Row Level Security applies. The token is minted and checked before the client is
   * handed over, and renews by itself for as long as the client is used. The same identity gets the same client.
   *
   * @param userId as in `auth.users.id`.
   * @throws UserError, TokenError, KeyError or ConfigError when no token can be minted; there is no other identity to
   * fall back to. When a renewal fails, the call that needed it fails with that error's code.
   *
   * @example
   * ```ts
   * const supabase = await behalf.asUser(payload.userId);
   * const { data, error } = await supabase.from("notes").select();
   * ```
   */
  asUser(userId: string, options?: TokenOptions): Promise<BehalfClient<Database>>;

  /**
   * A client that acts as the user whom a grant names, for a task and a payload that it names. The grant is opened
   * again at each renewal, and no token outlives it.
   *
   * @throws GrantError naming the field that doesn't fit; BrokerError when tokens come from a broker and it fails.
   *
   * @example
   * ```ts
   * const supabase = await behalf.asUser({ grant: payload.grant, payload });
   * ```
   */
  asUser(granted: Granted, options?: GrantedOptions): Promise<BehalfClient<Database>>;

  /**
   * Seals a grant, where the user's request is: verifies their access token, and says which tasks may act as them, on
   * what payload, and until when. Pass it on in the task's payload. It is no Supabase token.
   *
   * @throws TokenError when the access token is refused; GrantError when the grant can't be made as asked; ConfigError
   * without a key to seal it with.
   *
   * @example
   * ```ts
   * const { grant } = await behalf.grant({ accessToken, task: "export-notes", payload, expiresIn: "1h" });
   * await tasks.trigger("export-notes", { ...payload, grant });
   * ```
   */
  grant(options: GrantOptions): Promise<Grant>;

  /**
   * A client that acts as the service role: Row Level Security is passed over. The reason, the task and the run go
   * with each request, so that the database can record them.
   *
   * @throws ServiceError without a reason. ConfigError without a secret key.
   *
   * @example
   * ```ts
   * const admin = behalf.asService({ reason: "nightly billing roll-up" });
   * ```
   */
  asService(options: ServiceOptions): BehalfClient<Database>;

  /**
   * Mints a user's token without a client, to debug with or to hand to something that is no supabase-js.
   * It doesn't renew.
   *
   * @throws as asUser does.
   */
  mintToken(userId: string, options?: TokenOptions): Promise<MintedToken>;
  mintToken(granted: Granted, options?: GrantedOptions): Promise<MintedToken>;
}

interface UserEntry {
  readonly session: Session;
  readonly client: SupabaseClient;
}

function refusePlainId(isRequired: boolean): GrantError {
  return new GrantError(
    "ERR_GRANT_REQUIRED",
    `${isRequired ? "requireGrant is on" : "Tokens come from a broker"}, so a plain user id is not enough. ` +
      "Make a grant where the user's request is (behalf.grant), and pass it: asUser({ grant, payload }).",
  );
}

/**
 * Reads and checks the configuration, once. Options win over the environment.
 *
 * @throws ConfigError or KeyError naming the option or variable at fault, and nothing of its content.
 *
 * @example
 * ```ts
 * export const behalf = createBehalf<Database>();
 * ```
 */
export function createBehalf<Database = unknown>(options: BehalfOptions = {}): Behalf<Database> {
  const config = readConfig(options);
  const clock = new Clock();
  const local = new LocalSource(config, clock);
  const grantKeys = new GrantKeys(config);
  const projectKeys = new ProjectKeys(config);
  const exchange = config.broker
    ? new BrokerSource(config, config.broker)
    : new GrantedSource(local, { config, grantKeys, clock });
  const users = new RecentCache<Promise<UserEntry>>(config.cacheSize);
  const services = new RecentCache<SupabaseClient>(config.cacheSize);

  async function identify(who: string | Granted, options: TokenOptions): Promise<Identity> {
    if (isGranted(who)) return identityOf(exchange, await checkGranted(who, options, findCurrentRun));
    if (config.requireGrant || config.broker) throw refusePlainId(config.requireGrant);
    return identityOf(local, checkRequest(who, options, findCurrentRun));
  }

  async function start({ start }: Identity): Promise<UserEntry> {
    const session = await start(clock);
    return { session, client: createUserClient(config, session, clock) };
  }

  const behalf: Behalf<Database> = {
    async asUser(who: string | Granted, options: TokenOptions = {}) {
      requireUserKeys(config);
      const identity = await identify(who, options);
      let entry = users.get(identity.key);
      if (entry === undefined) {
        entry = start(identity);
        users.set(identity.key, entry);
        const started = entry;
        started.catch(() => users.delete(identity.key, started));
      }
      const { session, client } = await entry;
      if (!session.isFresh) await session.token();
      return client as BehalfClient<Database>;
    },

    asService(options) {
      const headers = serviceHeaders(options, findCurrentRun);
      const identity = JSON.stringify(headers);
      let client = services.get(identity);
      if (client === undefined) {
        client = createServiceClient(config, headers, clock);
        services.set(identity, client);
      }
      return client as BehalfClient<Database>;
    },

    grant: (options) => sealGrant(options, { config, grantKeys, projectKeys, clock }),

    async mintToken(who: string | Granted, options: TokenOptions = {}) {
      return (await identify(who, options)).issue();
    },
  };
  return describeAs(behalf, "Behalf {}");
}
