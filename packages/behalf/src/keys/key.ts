import {
  createHmac,
  createPublicKey,
  createSecretKey,
  type JsonWebKey,
  type KeyObject,
  timingSafeEqual,
  verify,
} from "node:crypto";
import type { CryptoKey, JWK } from "jose";

/** The algorithms that tokens are signed with. `EdDSA` is Ed25519. */
export type KeyAlgorithm = "HS256" | "ES256" | "RS256" | "EdDSA";

const webCrypto = {
  HS256: { name: "HMAC", hash: "SHA-256" },
  ES256: { name: "ECDSA", namedCurve: "P-256" },
  RS256: { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" },
  EdDSA: { name: "Ed25519" },
} as const;

/**
 * A key that signs or verifies tokens. The material is private to the object: printing it shows algorithm and id only.
 * It is imported into Web Crypto once, on first use.
 */
export class Key {
  readonly algorithm: KeyAlgorithm;
  readonly kid: string | undefined;
  /** False for the public half alone: such a key only verifies. */
  readonly canSign: boolean;
  readonly #jwk: JWK;
  #signing: Promise<CryptoKey> | undefined;
  #verifying: Promise<CryptoKey> | undefined;
  #checking: KeyObject | undefined;

  constructor(algorithm: KeyAlgorithm, kid: string | undefined, jwk: JWK) {
    this.algorithm = algorithm;
    this.kid = kid;
    this.canSign = algorithm === "HS256" || jwk.d !== undefined;
    this.#jwk = jwk;
  }

  signingKey(): Promise<CryptoKey> {
    this.#signing ??= importKey(this.algorithm, this.#jwk, ["sign"]);
    return this.#signing;
  }

  verifyingKey(): Promise<CryptoKey> {
    this.#verifying ??= importKey(this.algorithm, publicJwk(this.#jwk), ["verify"]);
    return this.#verifying;
  }

  /**
   * Whether this key made the signature, by node:crypto: a second opinion on what jose signed, and at once, where
   * Web Crypto would pass through another thread.
   */
  made(signature: Buffer, input: string): boolean {
    if (this.algorithm === "HS256") {
      this.#checking ??= createSecretKey(Buffer.from(this.#jwk.k ?? "", "base64url"));
      const expected = createHmac("sha256", this.#checking).update(input).digest();
      return expected.length === signature.length && timingSafeEqual(expected, signature);
    }
    this.#checking ??= createPublicKey({ key: publicJwk(this.#jwk) as JsonWebKey, format: "jwk" });
    const key = { key: this.#checking, dsaEncoding: "ieee-p1363" } as const;
    return verify(this.algorithm === "EdDSA" ? null : "sha256", Buffer.from(input), key, signature);
  }

  /** The public half, with `kid` and `alg`; undefined for a secret, which has none. */
  toPublicJwk(): JWK | undefined {
    if (this.algorithm === "HS256") return undefined;
    return {
      ...publicJwk(this.#jwk),
      alg: this.algorithm,
      use: "sig",
      ...(this.kid ? { kid: this.kid } : {}),
    };
  }

  /** Whether another key is this one, or its other half. */
  hasSameMaterial(other: Key): boolean {
    const [mine, theirs] = [publicJwk(this.#jwk), publicJwk(other.#jwk)];
    const names = ["kty", "crv", "x", "y", "n", "k"] as const;
    return names.every((name) => mine[name] === theirs[name]);
  }

  /** A secret derived from an HS256 key by HKDF under a fixed label, so that one secret can serve a second purpose. */
  async deriveSecret(label: string): Promise<Uint8Array | undefined> {
    if (this.algorithm !== "HS256" || this.#jwk.k === undefined) return undefined;
    const secret = Buffer.from(this.#jwk.k, "base64url");
    const base = await crypto.subtle.importKey("raw", secret, "HKDF", false, ["deriveBits"]);
    const info = new TextEncoder().encode(label);
    const parameters = { name: "HKDF", hash: "SHA-256", salt: new Uint8Array(32), info };
    return new Uint8Array(await crypto.subtle.deriveBits(parameters, base, 256));
  }
}

function publicJwk(jwk: JWK): JWK {
  const { kty, crv, x, y, n, e, k } = jwk;
  return Object.fromEntries(
    Object.entries({ kty, crv, x, y, n, e, k }).filter(([, value]) => value !== undefined),
  );
}

function importKey(algorithm: KeyAlgorithm, jwk: JWK, usages: ("sign" | "verify")[]): Promise<CryptoKey> {
  return crypto.subtle.importKey("jwk", jwk, webCrypto[algorithm], false, usages);
}
