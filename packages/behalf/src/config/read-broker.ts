import { KeyError } from "../errors.js";
import { classifyKey } from "../keys/classify.js";
import type { Key } from "../keys/key.js";
import { parseJwtSecret } from "../keys/parse-keys.js";
import { type Environment, type Found, findValue, malformed, missing } from "./environment.js";
import type { BehalfOptions } from "./options.js";

/** Where this worker gets users' tokens from. */
export interface BrokerConfig {
  readonly url: string;
  readonly clientId: string;
  readonly secret: string;
}

/** The client id of a worker that was given none. */
export const defaultClientId = "worker";

/**
 * Reads how to reach the broker; undefined where none is configured.
 *
 * @throws ConfigError or KeyError when the address or the secret cannot be one.
 */
export function readBroker(
  { broker = {} }: BehalfOptions,
  environment: Environment,
  keys: readonly Key[],
): BrokerConfig | undefined {
  const url = findValue({ "broker.url": broker.url }, environment, ["BEHALF_BROKER_URL"]);
  if (url === undefined) return undefined;
  if (!URL.canParse(url.value) || !/^https?:\/\/[^@]+$/.test(url.value))
    throw malformed(url.origin, "is not an http or https URL");
  const secret = findValue({ "broker.secret": broker.secret }, environment, ["BEHALF_BROKER_SECRET"]);
  if (secret === undefined)
    throw missing("BEHALF_BROKER_SECRET", "It proves to the broker who this worker is.");
  const clientId = findValue({ "broker.clientId": broker.clientId }, environment, [
    "BEHALF_BROKER_CLIENT_ID",
  ]);
  return {
    url: url.value,
    clientId: clientId?.value ?? defaultClientId,
    secret: checkBrokerSecret(secret, keys),
  };
}

/**
 * @param keys those that sign tokens or seal grants.
 * @throws ConfigError or KeyError when the text is too short to be a secret, or is one of them.
 */
export function checkBrokerSecret({ value, origin }: Found, keys: readonly Key[]): string {
  if (classifyKey(value).kind !== "hs256-secret")
    throw malformed(origin, "is not a secret text of 32 characters or more, without spaces");
  const own = parseJwtSecret(value, origin);
  if (keys.some((key) => key.hasSameMaterial(own)))
    throw new KeyError(
      "ERR_KEY_SHARED",
      `${origin} is also a key that signs tokens or seals grants. The point of a broker is that workers hold none of them.`,
    );
  return value;
}
