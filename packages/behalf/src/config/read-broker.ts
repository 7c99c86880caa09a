import { KeyError } from "../errors.js";
import { classifyKey } from "../keys/classify.js";
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
  jwtSecret: string | undefined,
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
    secret: checkBrokerSecret(secret, jwtSecret),
  };
}

/** @throws ConfigError or KeyError when the text is too short to be a secret, or is one of another purpose. */
export function checkBrokerSecret({ value, origin }: Found, jwtSecret: string | undefined): string {
  if (classifyKey(value).kind !== "hs256-secret")
    throw malformed(origin, "is not a secret text of 32 characters or more, without spaces");
  if (value === jwtSecret)
    throw new KeyError(
      "ERR_KEY_SHARED",
      `${origin} is the project's JWT secret. The point of a broker is that workers do not hold it.`,
    );
  return value;
}
