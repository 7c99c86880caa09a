import { base64url } from "jose";
import { missing } from "../config/environment.js";
import type { Config } from "../config/read-config.js";
import { GrantError } from "../errors.js";
import { Key } from "../keys/key.js";
import { Keyring } from "../keys/keyring.js";

// Part of the format: another label would make every derived key another key.
const label = "behalf grant v1";

/** The keys that seal and open grants: the configured ones, or ones derived from the HS256 secrets. */
export class GrantKeys {
  readonly #config: Pick<Config, "grantKeys" | "keyring">;
  #keyring: Promise<Keyring> | undefined;

  constructor(config: Pick<Config, "grantKeys" | "keyring">) {
    this.#config = config;
  }

  /** @throws ConfigError when there is nothing to take a key from. */
  keyring(): Promise<Keyring> {
    this.#keyring ??= this.#load();
    return this.#keyring;
  }

  /** The key that seals. @throws GrantError where only public halves are. */
  async sealing(): Promise<Key> {
    const { signing } = await this.keyring();
    if (signing === undefined)
      throw new GrantError(
        "ERR_GRANT_OPTIONS",
        "BEHALF_GRANT_KEY is a public key here, which opens grants and can't make them. The app holds the private one.",
      );
    return signing;
  }

  async #load(): Promise<Keyring> {
    const { grantKeys, keyring } = this.#config;
    if (grantKeys !== undefined) return grantKeys;
    const derived: Key[] = [];
    for (const key of keyring.keys) {
      const secret = await key.deriveSecret(label);
      if (secret) derived.push(new Key("HS256", undefined, { kty: "oct", k: base64url.encode(secret) }));
    }
    if (derived.length === 0)
      throw missing(
        "BEHALF_GRANT_KEY",
        "Grants are sealed with it. Without one it is derived from SUPABASE_JWT_SECRET, which isn't set either.",
      );
    return new Keyring(derived);
  }
}
