import type { SupabaseClient } from "@supabase/supabase-js";
import { RecentCache } from "./clients/cache.js";
import { describeAs } from "./clients/redact.js";
import { createServiceClient } from "./clients/service-client.js";
import { type ServiceOptions, serviceHeaders } from "./clients/service-headers.js";
import type { BehalfClient } from "./clients/types.js";
import { createUserClient } from "./clients/user-client.js";
import type { BehalfOptions } from "./config/options.js";
import { readConfig, requireUserKeys } from "./config/read-config.js";
import { checkRequest } from "./tokens/check-request.js";
import { Clock } from "./tokens/clock.js";
import { LocalSource } from "./tokens/local-source.js";
import { Session } from "./tokens/session.js";
import type { MintedToken, TokenOptions, TokenRequest } from "./tokens/types.js";
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
}

interface UserEntry {
  readonly session: Session;
  readonly client: SupabaseClient;
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
  const source = new LocalSource(config, clock);
  const users = new RecentCache<Promise<UserEntry>>(config.cacheSize);
  const services = new RecentCache<SupabaseClient>(config.cacheSize);

  async function start(request: TokenRequest): Promise<UserEntry> {
    const session = await Session.start(source, request, clock);
    return { session, client: createUserClient(config, session, clock) };
  }

  const behalf: Behalf<Database> = {
    async asUser(userId, options = {}) {
      requireUserKeys(config);
      const request = checkRequest(userId, options, findCurrentRun);
      const identity = JSON.stringify(request);
      let entry = users.get(identity);
      if (entry === undefined) {
        entry = start(request);
        users.set(identity, entry);
        const started = entry;
        started.catch(() => users.delete(identity, started));
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

    async mintToken(userId, options = {}) {
      return source.issue(checkRequest(userId, options, findCurrentRun));
    },
  };
  return describeAs(behalf, "Behalf {}");
}
