import type { JWK } from "jose";
import { KeyError } from "../errors.js";
import { classifyKey } from "../keys/classify.js";
import type { Key } from "../keys/key.js";
import { Keyring } from "../keys/keyring.js";
import { type Origin, parseJwtSecret, parsePublicKeys, parseSigningKeys } from "../keys/parse-keys.js";
import { type Environment, findValue, malformed } from "./environment.js";
import type { BehalfOptions } from "./options.js";

/** What the configuration says about grants. */
export interface GrantConfig {
  /** The keys of `BEHALF_GRANT_KEY`; without it, they are derived from the HS256 secrets. */
  readonly grantKeys: Keyring | undefined;
  readonly grantAudience: string;
  readonly requireGrant: boolean;
}

/**
 * Reads what concerns grants.
 *
 * @throws KeyError when the grant key is unusable, or one that also signs tokens.
 */
export function readGrants(
  options: BehalfOptions,
  environment: Environment,
  project: { url: string; keyring: Keyring },
): GrantConfig {
  const [value, origin] =
    options.grantKey === undefined
      ? [findValue({}, environment, ["BEHALF_GRANT_KEY"])?.value, "BEHALF_GRANT_KEY"]
      : [options.grantKey, "The option grantKey"];
  const audience = findValue({ grantAudience: options.grantAudience }, environment, [
    "BEHALF_GRANT_AUDIENCE",
  ])?.value;
  return {
    grantKeys: value === undefined ? undefined : readGrantKeys(value, origin, project.keyring),
    grantAudience: audience ?? project.url,
    requireGrant: readFlag(options.requireGrant, environment, "BEHALF_REQUIRE_GRANT"),
  };
}

function readGrantKeys(value: string | JWK | { keys: JWK[] }, origin: Origin, keyring: Keyring): Keyring {
  const keys = parseGrantKeys(value, origin);
  if (keys.some((key) => keyring.keys.some((other) => other.hasSameMaterial(key))))
    throw new KeyError(
      "ERR_KEY_SHARED",
      `${origin} is a key that signs the project's tokens. A grant needs one of its own: behalf keys new --grant makes it.`,
    );
  return new Keyring(keys);
}

function parseGrantKeys(value: string | object, origin: Origin): Key[] {
  const { kind } = classifyKey(typeof value === "string" ? value : JSON.stringify(value));
  if (kind === "jwk-public") return parsePublicKeys(value, origin);
  if (typeof value !== "string" || kind === "jwk-private" || kind === "pem-private")
    return parseSigningKeys(value, origin);
  if (kind === "none" && !/^[[{]/.test(value))
    throw new KeyError("ERR_KEY_WEAK", `${origin} is not a secret of 32 characters or more, nor a JWK.`);
  return kind === "none" ? parseSigningKeys(value, origin) : [parseJwtSecret(value, origin)];
}

function readFlag(option: boolean | undefined, environment: Environment, variable: string): boolean {
  if (option !== undefined) return option;
  const found = findValue({}, environment, [variable]);
  if (found === undefined) return false;
  if (found.value !== "true" && found.value !== "false")
    throw malformed(found.origin, "is neither true nor false");
  return found.value === "true";
}
