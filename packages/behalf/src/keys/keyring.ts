import { KeyError } from "../errors.js";
import type { Key, KeyAlgorithm } from "./key.js";

/** The configured keys: the first that can sign signs, all of them verify. */
export class Keyring {
  readonly keys: readonly Key[];
  readonly signing: Key | undefined;

  constructor(keys: readonly Key[]) {
    const seen = new Set<string>();
    for (const { kid } of keys) {
      if (kid === undefined) continue;
      if (seen.has(kid))
        throw new KeyError(
          "ERR_KEY_KID_DUPLICATE",
          "Two of the configured signing keys have the same key id.",
        );
      seen.add(kid);
    }
    this.keys = keys;
    this.signing = keys.find((key) => key.canSign);
  }

  /** Whether any key has this id. Without one, keys are tried by algorithm, as PostgREST does. */
  hasId(kid: string): boolean {
    return this.keys.some((key) => key.kid === kid);
  }

  /** The keys that may have signed a token with this header. A key with an id never stands in for a token that names another. */
  candidates(algorithm: KeyAlgorithm, kid: string | undefined): Key[] {
    return this.keys.filter(
      (key) => key.algorithm === algorithm && (kid === undefined || key.kid === undefined || key.kid === kid),
    );
  }
}
