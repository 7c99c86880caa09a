import type { JWK } from "jose";
import type { Key } from "../keys/key.js";
import { Keyring } from "../keys/keyring.js";
import { parseJwtSecret, parsePublicKeys, parseSigningKeys } from "../keys/parse-keys.js";
import { checkProject, checkPublishableSlot, checkSecretSlot } from "../keys/slots.js";
import {
  type Environment,
  findValue,
  findValues,
  malformed,
  missing,
  processEnvironment,
} from "./environment.js";
import { refuseBrowser, refusePublicSecrets } from "./exposure.js";
import type { BehalfOptions, UsersMode } from "./options.js";
import { type BrokerConfig, readBroker } from "./read-broker.js";
import { type GrantConfig, readGrants } from "./read-grants.js";

/** The validated configuration. Everything else in behalf reads this and never the environment. */
export interface Config extends GrantConfig {
  /** Without a trailing slash. */
  readonly url: string;
  /** The `iss` of the project's tokens. */
  readonly issuer: string;
  /** Where the project's public keys are. */
  readonly jwksUrl: string;
  readonly publishableKey: string | undefined;
  readonly secretKey: string | undefined;
  readonly keyring: Keyring;
  readonly users: UsersMode;
  /** Where tokens come from, if not from the keyring. */
  readonly broker: BrokerConfig | undefined;
  readonly cacheSize: number;
  readonly fetch: typeof fetch;
  readonly environment: Environment;
}

/**
 * Reads options and environment into one checked {@link Config}.
 *
 * @throws ConfigError when a value is missing, malformed or exposed.
 * @throws KeyError when a key is unusable or in the wrong slot.
 */
export function readConfig(
  options: BehalfOptions,
  requires: (config: Config) => void = requireIdentity,
): Config {
  refuseBrowser();
  const environment = options.environment ?? processEnvironment();
  const url = readUrl(options, environment);
  const publishable = findValues(
    { publishableKey: options.publishableKey, anonKey: options.anonKey },
    environment,
    ["SUPABASE_PUBLISHABLE_KEYS", "SUPABASE_PUBLISHABLE_KEY", "SUPABASE_ANON_KEY"],
  );
  const secret = findValues(
    { secretKey: options.secretKey, serviceRoleKey: options.serviceRoleKey },
    environment,
    ["SUPABASE_SECRET_KEYS", "SUPABASE_SECRET_KEY", "SUPABASE_SERVICE_ROLE_KEY"],
  );
  const slots = [
    ...publishable.map(({ value, origin }) => ({ origin, found: checkPublishableSlot(value, origin) })),
    ...secret.map(({ value, origin }) => ({ origin, found: checkSecretSlot(value, origin) })),
  ];
  const jwtSecret = findValue({ jwtSecret: options.jwtSecret }, environment, [
    "SUPABASE_JWT_SECRET",
    "BEHALF_JWT_SECRET",
  ]);
  refusePublicSecrets(environment, jwtSecret?.value);
  checkProject(url, slots);

  const href = url.href.replace(/\/+$/, "");
  const keyring = readKeyring(options, environment, jwtSecret);
  const grants = readGrants(options, environment, { url: href, keyring });
  const config: Config = {
    url: href,
    issuer: `${href}/auth/v1`,
    jwksUrl:
      findValue({}, environment, ["SUPABASE_JWKS_URL"])?.value ?? `${href}/auth/v1/.well-known/jwks.json`,
    publishableKey: publishable[0]?.value,
    secretKey: secret[0]?.value,
    keyring,
    ...grants,
    broker: readBroker(options, environment, keysOf({ keyring, ...grants })),
    users: readUsers(options, environment),
    cacheSize: readCacheSize(options, environment),
    fetch: options.fetch ?? ((input, init) => fetch(input, init)),
    environment,
  };
  requires(config);
  return config;
}

/** Every key that signs tokens or seals grants, or could. */
export function keysOf({ keyring, grantKeys }: Pick<Config, "keyring" | "grantKeys">): Key[] {
  return [...keyring.keys, ...(grantKeys?.keys ?? [])];
}

function readUrl(options: BehalfOptions, environment: Environment): URL {
  const found = findValue({ url: options.url }, environment, ["SUPABASE_URL", "SUPABASE_PROJECT_URL"]);
  if (!found) throw missing("SUPABASE_URL", "It says which project to work on.", ["SUPABASE_PROJECT_URL"]);
  if (!URL.canParse(found.value)) throw malformed(found.origin, "is not a URL");
  const url = new URL(found.value);
  if (url.protocol !== "https:" && url.protocol !== "http:")
    throw malformed(found.origin, "is not an http or https URL");
  if (url.username || url.password || url.search || url.hash)
    throw malformed(found.origin, "has more than scheme, host and path: copy the bare project URL");
  return url;
}

function readKeyring(
  options: BehalfOptions,
  environment: Environment,
  jwtSecret: { value: string; origin: string } | undefined,
): Keyring {
  const kid = findValue({ signingKeyId: options.signingKeyId }, environment, [
    "SUPABASE_SIGNING_KEY_ID",
  ])?.value;
  const keys: Key[] = [];
  const add = (value: string | object, origin: string) => keys.push(...parseSigningKeys(value, origin, kid));
  const given: (string | JWK | { keys: JWK[] })[] = [
    ...(options.signingKey ? [options.signingKey] : []),
    ...(options.signingKeys ?? []),
  ];
  for (const value of given) add(value, "The option signingKey");
  const variable = ["SUPABASE_SIGNING_KEY", "BEHALF_SIGNING_KEY"].find((name) => environment[name]);
  if (given.length === 0 && variable) add(environment[variable] ?? "", variable);
  if (jwtSecret) keys.push(parseJwtSecret(jwtSecret.value, jwtSecret.origin));
  if (environment.SUPABASE_JWKS) {
    const known = new Set(keys.map((key) => key.kid));
    keys.push(
      ...parsePublicKeys(environment.SUPABASE_JWKS, "SUPABASE_JWKS").filter((key) => !known.has(key.kid)),
    );
  }
  return new Keyring(keys);
}

function readUsers(options: BehalfOptions, environment: Environment): UsersMode {
  const found = findValue({ users: options.users }, environment, ["BEHALF_USERS"]);
  if (!found) return "trust";
  if (found.value !== "trust" && found.value !== "lookup")
    throw malformed(found.origin, 'is neither "trust" nor "lookup"');
  return found.value;
}

function readCacheSize(options: BehalfOptions, environment: Environment): number {
  const size =
    options.cacheSize ?? (environment.BEHALF_CACHE_SIZE ? Number(environment.BEHALF_CACHE_SIZE) : 1000);
  const origin = options.cacheSize === undefined ? "BEHALF_CACHE_SIZE" : "The option cacheSize";
  if (!Number.isInteger(size) || size < 1) throw malformed(origin, "is not a whole number above 0");
  return size;
}

/**
 * A configuration must serve at least one identity and none by half: a worker for the service role alone needs no
 * user's keys, and neither does an app that only makes grants.
 */
function requireIdentity(config: Config): void {
  const { signing } = config.keyring;
  const hasUserPart = config.publishableKey !== undefined || signing !== undefined;
  const onlyGrants = signing === undefined && !config.broker && config.grantKeys?.signing !== undefined;
  if (!onlyGrants && (hasUserPart || config.secretKey === undefined)) requireUserKeys(config);
  if (config.users === "lookup" && !config.broker)
    requireSecretKey(config, 'users: "lookup" fetches users with it.');
}

/** @throws ConfigError unless the configuration can get users' tokens and send them. */
export function requireUserKeys(config: Config): { publishableKey: string } {
  const { publishableKey } = config;
  if (publishableKey === undefined)
    throw missing("SUPABASE_PUBLISHABLE_KEY", "Every request names the project with it.", [
      "SUPABASE_ANON_KEY",
    ]);
  if (config.broker === undefined) requireSigningKey(config);
  return { publishableKey };
}

/** @throws ConfigError unless the configuration can mint users' tokens. */
export function requireSigningKey({ keyring }: Config): Key {
  if (keyring.signing === undefined)
    throw missing("SUPABASE_JWT_SECRET", "Tokens for users are signed with it.", ["SUPABASE_SIGNING_KEY"]);
  return keyring.signing;
}

/** @throws ConfigError unless the configuration holds a secret key. */
export function requireSecretKey(config: Config, why: string): string {
  if (config.secretKey === undefined)
    throw missing("SUPABASE_SECRET_KEY", why, ["SUPABASE_SERVICE_ROLE_KEY"]);
  return config.secretKey;
}
