import { inspect } from "node:util";
import { afterEach, describe, expect, it, vi } from "vitest";
import {
  anonKey,
  environment,
  generateKey,
  jwtSecret,
  legacyKey,
  publishableKey,
  secretKey,
  serviceRoleKey,
} from "../../test/fixtures.js";
import { BehalfError } from "../errors.js";
import type { BehalfOptions } from "./options.js";
import { readConfig } from "./read-config.js";

const hosted = "https://abcdefghijklmnopqrst.supabase.co";
const local = "http://127.0.0.1:54321";
const ofProject = (role: "anon" | "service_role", ref: string) => legacyKey(role, { iss: "supabase", ref });
const managementToken = "sbp_0123456789abcdef0123456789abcdef01234567";

function read(variables: Record<string, string | undefined>, options: BehalfOptions = {}) {
  return readConfig({ ...options, environment: variables });
}

function refusal(variables: Record<string, string | undefined>, options: BehalfOptions = {}): BehalfError {
  try {
    read(variables, options);
  } catch (error) {
    if (error instanceof BehalfError) return error;
    throw error;
  }
  throw new Error("Nothing was refused.");
}

describe("readConfig", () => {
  it("understands every name, old and new", () => {
    const old = read({
      SUPABASE_PROJECT_URL: `${local}/`,
      SUPABASE_ANON_KEY: anonKey,
      SUPABASE_JWT_SECRET: jwtSecret,
    });
    expect(old).toMatchObject({
      url: local,
      issuer: `${local}/auth/v1`,
      publishableKey: anonKey,
      secretKey: undefined,
    });
    const newer = read({
      SUPABASE_URL: local,
      SUPABASE_PUBLISHABLE_KEYS: JSON.stringify({ default: publishableKey, other: "sb_publishable_other" }),
      SUPABASE_PUBLISHABLE_KEY: "sb_publishable_single",
      SUPABASE_SECRET_KEYS: JSON.stringify({ default: secretKey }),
      SUPABASE_SECRET_KEY: "sb_secret_single",
      SUPABASE_SIGNING_KEY: JSON.stringify(generateKey("ES256", "k1").jwk),
      SUPABASE_JWKS: JSON.stringify({ keys: [generateKey("RS256", "k2").publicJwk] }),
      SUPABASE_JWKS_URL: "https://keys.example/jwks.json",
    });
    expect(newer).toMatchObject({ publishableKey, secretKey, jwksUrl: "https://keys.example/jwks.json" });
    expect(newer.keyring.signing).toMatchObject({ algorithm: "ES256", kid: "k1" });
    expect(newer.keyring.hasId("k2")).toBe(true);
  });

  it("lets options win, and signing keys win over the secret", () => {
    const key = generateKey("EdDSA", "k9");
    const config = read(environment(hosted, { BEHALF_USERS: "lookup" }), {
      url: local,
      publishableKey,
      secretKey,
      signingKeys: [key.jwk],
      users: "trust",
    });
    expect(config).toMatchObject({ url: local, publishableKey, secretKey, users: "trust" });
    expect(config.keyring.signing?.kid).toBe("k9");
    expect(config.keyring.candidates("HS256", undefined)).toHaveLength(1);
  });

  it("serves the service role alone, but no identity by half", () => {
    expect(read({ SUPABASE_URL: local, SUPABASE_SECRET_KEY: secretKey }).keyring.signing).toBeUndefined();
    const half = { SUPABASE_URL: local, SUPABASE_SECRET_KEY: secretKey, SUPABASE_ANON_KEY: anonKey };
    expect(refusal(half).message).toContain("SUPABASE_JWT_SECRET is not defined in environment variables");
  });
});

describe("what is refused", () => {
  const complete = environment(local);

  it.each([
    ["no URL", { ...complete, SUPABASE_URL: undefined }, "ERR_CONFIG_MISSING", "SUPABASE_URL"],
    ["an empty URL", { ...complete, SUPABASE_URL: "" }, "ERR_CONFIG_MISSING", "SUPABASE_URL"],
    ["no anon key", { ...complete, SUPABASE_ANON_KEY: undefined }, "ERR_CONFIG_MISSING", "SUPABASE_ANON_KEY"],
    [
      "no JWT secret",
      { ...complete, SUPABASE_JWT_SECRET: undefined },
      "ERR_CONFIG_MISSING",
      "SUPABASE_JWT_SECRET",
    ],
    [
      "lookup without a secret key",
      { ...complete, SUPABASE_SERVICE_ROLE_KEY: undefined, BEHALF_USERS: "lookup" },
      "ERR_CONFIG_MISSING",
      "SUPABASE_SECRET_KEY",
    ],
    ["a blank URL", { ...complete, SUPABASE_URL: "  " }, "ERR_CONFIG_MALFORMED", "SUPABASE_URL"],
    [
      "a URL without scheme",
      { ...complete, SUPABASE_URL: "abc.supabase.co" },
      "ERR_CONFIG_MALFORMED",
      "SUPABASE_URL",
    ],
    [
      "a URL of another scheme",
      { ...complete, SUPABASE_URL: "postgres://x/y" },
      "ERR_CONFIG_MALFORMED",
      "SUPABASE_URL",
    ],
    [
      "a URL with credentials",
      { ...complete, SUPABASE_URL: "http://a:b@127.0.0.1" },
      "ERR_CONFIG_MALFORMED",
      "SUPABASE_URL",
    ],
    [
      "a line break in a secret",
      { ...complete, SUPABASE_JWT_SECRET: `${jwtSecret}\n` },
      "ERR_CONFIG_MALFORMED",
      "SUPABASE_JWT_SECRET",
    ],
    [
      "quotes around a key",
      { ...complete, SUPABASE_ANON_KEY: `"${anonKey}"` },
      "ERR_CONFIG_MALFORMED",
      "SUPABASE_ANON_KEY",
    ],
    [
      "named keys that are no JSON",
      { ...complete, SUPABASE_SECRET_KEYS: secretKey },
      "ERR_CONFIG_MALFORMED",
      "SUPABASE_SECRET_KEYS",
    ],
    [
      "named keys without default",
      { ...complete, SUPABASE_SECRET_KEYS: JSON.stringify({ a: secretKey }) },
      "ERR_CONFIG_MALFORMED",
      "SUPABASE_SECRET_KEYS",
    ],
    ["an unknown users mode", { ...complete, BEHALF_USERS: "yes" }, "ERR_CONFIG_MALFORMED", "BEHALF_USERS"],
    [
      "a cache of no size",
      { ...complete, BEHALF_CACHE_SIZE: "0" },
      "ERR_CONFIG_MALFORMED",
      "BEHALF_CACHE_SIZE",
    ],
    [
      "service key as anon key",
      { ...complete, SUPABASE_ANON_KEY: serviceRoleKey },
      "ERR_KEY_SERVICE_AS_ANON",
      "SUPABASE_ANON_KEY",
    ],
    [
      "anon key as service key",
      { ...complete, SUPABASE_SERVICE_ROLE_KEY: anonKey },
      "ERR_KEY_ANON_AS_SERVICE",
      "SUPABASE_SERVICE_ROLE_KEY",
    ],
    [
      "service key as anon key beside a better one",
      { ...complete, SUPABASE_PUBLISHABLE_KEY: publishableKey, SUPABASE_ANON_KEY: serviceRoleKey },
      "ERR_KEY_SERVICE_AS_ANON",
      "SUPABASE_ANON_KEY",
    ],
    [
      "secret key as publishable key",
      { ...complete, SUPABASE_PUBLISHABLE_KEY: secretKey },
      "ERR_KEY_SECRET_AS_PUBLISHABLE",
      "SUPABASE_PUBLISHABLE_KEY",
    ],
    [
      "publishable key as secret key",
      { ...complete, SUPABASE_SECRET_KEY: publishableKey },
      "ERR_KEY_PUBLISHABLE_AS_SECRET",
      "SUPABASE_SECRET_KEY",
    ],
    [
      "publishable key as JWT secret",
      { ...complete, SUPABASE_JWT_SECRET: publishableKey },
      "ERR_KEY_PUBLISHABLE_AS_SECRET",
      "SUPABASE_JWT_SECRET",
    ],
    [
      "access token as secret key",
      { ...complete, SUPABASE_SECRET_KEY: managementToken },
      "ERR_KEY_MANAGEMENT_TOKEN",
      "SUPABASE_SECRET_KEY",
    ],
    [
      "JWT secret as anon key",
      { ...complete, SUPABASE_ANON_KEY: jwtSecret },
      "ERR_KEY_NOT_API_KEY",
      "SUPABASE_ANON_KEY",
    ],
    [
      "an anon key that has expired",
      { ...complete, SUPABASE_ANON_KEY: legacyKey("anon", { exp: 1 }) },
      "ERR_KEY_EXPIRED",
      "SUPABASE_ANON_KEY",
    ],
    [
      "a private key among public ones",
      { ...complete, SUPABASE_JWKS: JSON.stringify([generateKey("ES256", "k").jwk]) },
      "ERR_KEY_NOT_SIGNING_KEY",
      "SUPABASE_JWKS",
    ],
  ])("%s", (_name, variables, code, variable) => {
    const error = refusal(variables);
    expect(error.code).toBe(code);
    expect(error.message).toContain(variable);
    for (const secret of [jwtSecret, serviceRoleKey, anonKey, secretKey, publishableKey, managementToken])
      expect(inspect(error) + JSON.stringify(error)).not.toContain(secret);
  });

  it.each(["NEXT_PUBLIC_", "VITE_", "PUBLIC_", "NUXT_PUBLIC_", "EXPO_PUBLIC_", "REACT_APP_"])(
    "a secret in a variable that begins with %s",
    (prefix) => {
      for (const value of [
        serviceRoleKey,
        secretKey,
        jwtSecret,
        JSON.stringify(generateKey("ES256", "k").jwk),
      ])
        expect(refusal({ ...complete, [`${prefix}THING`]: value })).toMatchObject({
          code: "ERR_CONFIG_PUBLIC_SECRET",
          message: expect.stringContaining(`${prefix}THING`),
        });
      const harmless = {
        [`${prefix}KEY`]: anonKey,
        [`${prefix}POSTHOG`]: "phc_0123456789abcdef0123456789abcdef01234567",
      };
      expect(read({ ...complete, ...harmless }).url).toBe(local);
    },
  );

  it("keys of two projects", () => {
    const [one, other] = ["abcdefghijklmnopqrst", "zyxwvutsrqponmlkjihg"];
    const keys = {
      SUPABASE_ANON_KEY: ofProject("anon", one),
      SUPABASE_SERVICE_ROLE_KEY: ofProject("service_role", one),
    };
    const base = { SUPABASE_URL: hosted, SUPABASE_JWT_SECRET: jwtSecret };
    const mismatch = { code: "ERR_CONFIG_PROJECT_MISMATCH" };
    expect(read({ ...base, ...keys }).url).toBe(hosted);
    expect(read({ ...base, ...keys, SUPABASE_URL: "https://db.example.com" }).url).toBe(
      "https://db.example.com",
    );
    expect(refusal({ ...base, ...keys, SUPABASE_URL: `https://${other}.supabase.co` })).toMatchObject(
      mismatch,
    );
    expect(
      refusal({
        ...base,
        ...keys,
        SUPABASE_ANON_KEY: ofProject("anon", other),
        SUPABASE_URL: "https://db.example.com",
      }),
    ).toMatchObject(mismatch);
    expect(refusal(environment(hosted))).toMatchObject(mismatch);
    expect(
      refusal(
        environment(local, {
          SUPABASE_ANON_KEY: legacyKey("anon", { iss: "http://127.0.0.1:8000/auth/v1" }),
        }),
      ),
    ).toMatchObject(mismatch);
    expect(
      read(
        environment("http://localhost:8000", {
          SUPABASE_ANON_KEY: legacyKey("anon", { iss: "http://127.0.0.1:8000/auth/v1" }),
          SUPABASE_SERVICE_ROLE_KEY: undefined,
        }),
      ).url,
    ).toBe("http://localhost:8000");
  });

  describe("a browser", () => {
    afterEach(() => vi.unstubAllGlobals());
    it("is refused", () => {
      vi.stubGlobal("window", globalThis);
      vi.stubGlobal("document", {});
      expect(refusal(complete).code).toBe("ERR_CONFIG_BROWSER");
    });
  });
});
