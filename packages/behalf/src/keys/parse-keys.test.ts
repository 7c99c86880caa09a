import { generateKeyPairSync } from "node:crypto";
import { inspect } from "node:util";
import { describe, expect, it } from "vitest";
import {
  anonKey,
  generateKey,
  jwtSecret,
  publishableKey,
  secretKey,
  serviceRoleKey,
} from "../../test/fixtures.js";
import { Keyring } from "./keyring.js";
import { parseJwtSecret, parsePublicKeys, parseSigningKeys } from "./parse-keys.js";

const algorithms = ["ES256", "RS256", "EdDSA"] as const;
const es256 = generateKey("ES256", "k1");
const code = (code: string) => expect.objectContaining({ code });

describe.each(algorithms)("an %s key", (algorithm) => {
  const key = generateKey(algorithm, "k1");

  it.each([
    ["JWK", key.jwk],
    ["JSON", JSON.stringify(key.jwk)],
    ["set", JSON.stringify({ keys: [key.jwk] })],
    ["list", JSON.stringify([key.jwk])],
  ])("is read as %s", (_form, value) => {
    expect(parseSigningKeys(value, "X")).toMatchObject([{ algorithm, kid: "k1", canSign: true }]);
  });

  it("is read as PEM, on one line too, with the id beside it", () => {
    expect(parseSigningKeys(key.pem, "X", "k1")).toMatchObject([{ algorithm, kid: "k1" }]);
    expect(parseSigningKeys(key.pem.replaceAll("\n", "\\n"), "X", "k1")).toMatchObject([{ algorithm }]);
    expect(() => parseSigningKeys(key.pem, "X")).toThrow(code("ERR_KEY_KID_MISSING"));
  });

  it("needs a kid and undamaged members", () => {
    const { kid: _kid, ...anonymous } = key.jwk;
    expect(() => parseSigningKeys(anonymous, "X")).toThrow(code("ERR_KEY_KID_MISSING"));
    const { x, n } = generateKey(algorithm, "k2").jwk;
    const mixed = { ...key.jwk, ...(x ? { x } : {}), ...(n ? { n } : {}) };
    expect(() => parseSigningKeys(mixed, "X")).toThrow(code("ERR_KEY_MALFORMED"));
    expect(() => parsePublicKeys(JSON.stringify([key.jwk]), "X")).toThrow(code("ERR_KEY_NOT_SIGNING_KEY"));
    expect(parsePublicKeys(JSON.stringify({ keys: [key.publicJwk] }), "X")).toMatchObject([
      { canSign: false },
    ]);
  });

  it("shows its public half alone", () => {
    const [parsed] = parseSigningKeys(key.jwk, "X");
    expect(parsed?.toPublicJwk()).toEqual(key.publicJwk);
    expect(inspect(parsed, { depth: 9, showHidden: true })).not.toContain(key.jwk.d);
    expect(JSON.stringify(parsed)).not.toContain(key.jwk.d);
  });
});

describe("a key that can't sign", () => {
  const otherCurve = generateKeyPairSync("ec", { namedCurve: "P-384" }).privateKey.export({ format: "jwk" });
  const shortRsa = generateKeyPairSync("rsa", { modulusLength: 1024 }).privateKey.export({ format: "jwk" });
  const encrypted = generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey.export({
    type: "pkcs8",
    format: "pem",
    cipher: "aes-256-cbc",
    passphrase: "x",
  });

  it.each([
    ["another curve", { ...otherCurve, kid: "k" }, "ERR_KEY_UNSUPPORTED"],
    ["another algorithm", { ...es256.jwk, alg: "RS256" }, "ERR_KEY_UNSUPPORTED"],
    ["another use", { ...es256.jwk, use: "enc" }, "ERR_KEY_UNSUPPORTED"],
    ["encrypted PEM", encrypted as string, "ERR_KEY_UNSUPPORTED"],
    ["1024 bits", { ...shortRsa, kid: "k" }, "ERR_KEY_WEAK"],
    ["a short secret in a JWK", { kty: "oct", k: "c2hvcnQ" }, "ERR_KEY_WEAK"],
    ["a public JWK", es256.publicJwk, "ERR_KEY_PUBLIC"],
    ["a public JWK as text", JSON.stringify(es256.publicJwk), "ERR_KEY_PUBLIC"],
    ["a public PEM", es256.publicKey.export({ type: "spki", format: "pem" }) as string, "ERR_KEY_PUBLIC"],
    ["damaged JSON", JSON.stringify(es256.jwk).slice(0, -9), "ERR_KEY_MALFORMED"],
    [
      "a damaged PEM",
      es256.pem.replace(/^.{24}$/m, "!!!").replace(/\nM.{8}/, "\nMAAAAAAAA"),
      "ERR_KEY_MALFORMED",
    ],
    ["a publishable key", publishableKey, "ERR_KEY_PUBLISHABLE_AS_SECRET"],
    ["a secret key", secretKey, "ERR_KEY_NOT_SIGNING_KEY"],
    ["the anon key", anonKey, "ERR_KEY_NOT_SIGNING_KEY"],
    ["a personal access token", "sbp_0123456789abcdef0123456789abcdef01234567", "ERR_KEY_MANAGEMENT_TOKEN"],
    ["an HS256 secret", jwtSecret, "ERR_KEY_NOT_SIGNING_KEY"],
  ])("is refused: %s", (_name, value, expected) => {
    const error = (() => {
      try {
        parseSigningKeys(value, "SUPABASE_SIGNING_KEY", "k");
      } catch (thrown) {
        return thrown as Error;
      }
      return undefined;
    })();
    expect(error).toMatchObject({ name: "KeyError", code: expected });
    expect(error?.message).toContain("SUPABASE_SIGNING_KEY");
    for (const secret of [es256.jwk.d, secretKey, jwtSecret]) expect(inspect(error)).not.toContain(secret);
  });

  it.each([
    ["an API key", secretKey, "ERR_KEY_NOT_SIGNING_KEY"],
    ["the publishable key", publishableKey, "ERR_KEY_PUBLISHABLE_AS_SECRET"],
    ["the service_role key", serviceRoleKey, "ERR_KEY_NOT_SIGNING_KEY"],
    ["a JWK", JSON.stringify(es256.jwk), "ERR_KEY_NOT_SIGNING_KEY"],
    ["a short text", "secret", "ERR_KEY_WEAK"],
  ])("is refused as JWT secret: %s", (_name, value, expected) => {
    expect(() => parseJwtSecret(value, "SUPABASE_JWT_SECRET")).toThrow(code(expected));
  });
});

describe("several keys", () => {
  const older = generateKey("RS256", "k0");

  it("sign with the first private one and verify with all", () => {
    const keys = parseSigningKeys({ keys: [es256.jwk, older.jwk] }, "X");
    const ring = new Keyring([...keys, parseJwtSecret(jwtSecret, "Y")]);
    expect(ring.signing?.kid).toBe("k1");
    expect(ring.candidates("RS256", "k0")).toHaveLength(1);
    expect(ring.candidates("RS256", "k1")).toHaveLength(0);
    expect(ring.candidates("ES256", undefined)).toHaveLength(1);
  });

  it("must not share an id", () => {
    const keys = parseSigningKeys([es256.jwk, { ...older.jwk, kid: "k1" }], "X");
    expect(() => new Keyring(keys)).toThrow(code("ERR_KEY_KID_DUPLICATE"));
  });
});
