import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  anonKey,
  forge,
  generateKey,
  hs256,
  jwtSecret,
  legacyKey,
  publishableKey,
  secretKey,
  serviceRoleKey,
} from "../../test/fixtures.js";
import { classifyKey } from "./classify.js";

const key = generateKey("ES256", "k1");
const user = forge({ alg: "HS256", typ: "JWT" }, { sub: "u", role: "authenticated" }, hs256());
const publicPem = key.publicKey.export({ type: "spki", format: "pem" }) as string;

describe("classifyKey", () => {
  it.each([
    ["publishable key", publishableKey, "publishable", false],
    ["secret key", secretKey, "secret", true],
    ["legacy anon key", anonKey, "anon-jwt", false],
    ["legacy service_role key", serviceRoleKey, "service-role-jwt", true],
    ["user's token", user, "jwt", true],
    ["personal access token", "sbp_0123456789abcdef0123456789abcdef01234567", "management-token", true],
    ["JWT secret", jwtSecret, "hs256-secret", true],
    ["private JWK", JSON.stringify(key.jwk), "jwk-private", true],
    ["set of private JWKs", JSON.stringify({ keys: [key.publicJwk, key.jwk] }), "jwk-private", true],
    ["list of private JWKs", JSON.stringify([key.jwk]), "jwk-private", true],
    ["symmetric JWK", JSON.stringify({ kty: "oct", k: "AAAA" }), "jwk-private", true],
    ["public JWK", JSON.stringify(key.publicJwk), "jwk-public", false],
    ["private PEM", key.pem, "pem-private", true],
    ["private PEM on one line", key.pem.replaceAll("\n", "\\n"), "pem-private", true],
    ["public PEM", publicPem, "pem-public", false],
    ["empty text", "", "none", false],
    ["short text", "password", "none", false],
    ["connection string", "postgresql://postgres:postgres@127.0.0.1:54322/postgres", "none", false],
    ["Trigger.dev key", "tr_dev_0123456789abcdef0123456789abcdef", "none", false],
    ["JSON without a key", '{"default":"x"}', "none", false],
    ["damaged JSON", `{"kty":"EC","d":"${"x".repeat(40)}`, "none", false],
  ])("knows a %s", (_name, value, kind, secret) => {
    expect(classifyKey(value)).toMatchObject({ kind, secret });
    expect(classifyKey(` ${value}\n`)).toMatchObject({ kind });
  });

  it("reads the project that a legacy key names", () => {
    expect(classifyKey(legacyKey("anon", { iss: "supabase", ref: "abcdefghijklmnopqrst" })).project).toBe(
      "abcdefghijklmnopqrst",
    );
    expect(
      classifyKey(legacyKey("anon", { iss: "https://abcdefghijklmnopqrst.supabase.co/auth/v1" })).project,
    ).toBe("abcdefghijklmnopqrst");
    expect(classifyKey(legacyKey("anon", { iss: "supabase" })).project).toBeUndefined();
  });

  it("never throws and never holds what it was given", () => {
    const text = fc.oneof(
      fc.string({ unit: "binary" }),
      fc.json(),
      fc.string().map((part) => `ey${part}.${part}.${part}`),
    );
    fc.assert(
      fc.property(text, (value) => {
        const found = JSON.stringify(classifyKey(value));
        expect(value.length > 12 && found.includes(value)).toBe(false);
      }),
    );
  });
});
