import { createHmac } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  ada,
  environment,
  es256,
  forge,
  generateKey,
  hs256,
  jwtSecret,
  serviceRoleKey,
} from "../../test/fixtures.js";
import { createBehalf } from "../behalf.js";
import { readConfig } from "../config/read-config.js";
import { BehalfError } from "../errors.js";
import { hasDuplicateNames } from "./strict-json.js";
import { verifyToken } from "./verify.js";

const url = "http://127.0.0.1:54321";
const es = generateKey("ES256", "es");
const rs = generateKey("RS256", "rs");
const ed = generateKey("EdDSA", "ed");
const other = generateKey("ES256", "other");
const options = { signingKeys: [es.jwk, rs.jwk, ed.jwk], environment: environment(url) };
const { keyring, issuer } = readConfig(options);

const now = Math.floor(Date.now() / 1000);
const good = {
  iss: issuer,
  sub: ada,
  aud: "authenticated",
  role: "authenticated",
  iat: now - 30,
  exp: now + 3600,
};
const hs = { alg: "HS256", typ: "JWT" };
const none = () => Buffer.alloc(0);

async function codeOf(token: unknown): Promise<string> {
  try {
    await verifyToken(token, { keyring, issuer, now: now * 1000 });
    return "accepted";
  } catch (error) {
    if (!(error instanceof BehalfError)) throw error;
    const start = String(token).slice(0, 24);
    if (start.length === 24) expect(error.message).not.toContain(start);
    return error.code;
  }
}

const publicPem = rs.publicKey.export({ type: "spki", format: "pem" }) as string;
const body = JSON.stringify(good);
const withHeader = (header: object) => forge({ ...hs, ...header }, good, hs256());
const withClaims = (claims: object) => forge(hs, { ...good, ...claims }, hs256());

describe("verifyToken", () => {
  it.each([
    ["HS256", forge(hs, good, hs256())],
    ["ES256", forge({ alg: "ES256", kid: "es" }, good, es256(es.privateKey))],
    ["several audiences", withClaims({ aud: ["x", "authenticated"] })],
    ["a subject that is no UUID", withClaims({ sub: "auth0|5f7c8ec7c33c6c004bbafe82" })],
    ["a clock 29 s behind", withClaims({ iat: now + 29 })],
    ["an end 29 s ago", withClaims({ exp: now - 29 })],
  ])("accepts %s", async (_name, token) => {
    expect(await codeOf(token)).toBe("accepted");
  });

  it.each([
    ["ERR_TOKEN_ALGORITHM", "alg none", forge({ alg: "none" }, good, none)],
    ["ERR_TOKEN_ALGORITHM", "alg None with a signature", withHeader({ alg: "None" })],
    ["ERR_TOKEN_ALGORITHM", "alg NONE", forge({ alg: "NONE", typ: "JWT" }, good, none)],
    ["ERR_TOKEN_ALGORITHM", "alg hs256", withHeader({ alg: "hs256" })],
    ["ERR_TOKEN_ALGORITHM", "alg HS512", withHeader({ alg: "HS512" })],
    ["ERR_TOKEN_ALGORITHM", "alg constructor", withHeader({ alg: "constructor" })],
    ["ERR_TOKEN_ALGORITHM", "no alg", forge({ typ: "JWT" }, good, hs256())],
    ["ERR_TOKEN_ALGORITHM", "a list as alg", withHeader({ alg: ["HS256"] })],
    ["ERR_TOKEN_SIGNATURE", "an RSA public key as HS256 secret", forge(hs, good, hs256(publicPem))],
    [
      "ERR_TOKEN_SIGNATURE",
      "the same with the RSA key's id",
      forge({ ...hs, kid: "rs" }, good, hs256(publicPem)),
    ],
    [
      "ERR_TOKEN_ALGORITHM",
      "another key's algorithm",
      forge({ alg: "ES256", kid: "rs" }, good, es256(es.privateKey)),
    ],
    [
      "ERR_TOKEN_KEY_UNKNOWN",
      "an unknown kid",
      forge({ alg: "ES256", kid: "nope" }, good, es256(es.privateKey)),
    ],
    [
      "ERR_TOKEN_KEY_UNKNOWN",
      "a path as kid",
      forge({ alg: "ES256", kid: "../../dev/null" }, good, es256(es.privateKey)),
    ],
    [
      "ERR_TOKEN_KEY_UNKNOWN",
      "SQL as kid",
      forge({ alg: "ES256", kid: "' or 1=1 --" }, good, es256(es.privateKey)),
    ],
    ["ERR_TOKEN_HEADER", "a number as kid", withHeader({ kid: 1 })],
    [
      "ERR_TOKEN_SIGNATURE",
      "a real kid and another key",
      forge({ alg: "ES256", kid: "es" }, good, es256(other.privateKey)),
    ],
    [
      "ERR_TOKEN_SIGNATURE",
      "another secret",
      forge(hs, good, hs256("another-secret-of-more-than-32-characters")),
    ],
    ["ERR_TOKEN_HEADER", "jwk", forge({ alg: "ES256", jwk: other.publicJwk }, good, es256(other.privateKey))],
    ["ERR_TOKEN_HEADER", "jku", withHeader({ jku: "https://evil.example/jwks.json" })],
    ["ERR_TOKEN_HEADER", "x5u", withHeader({ x5u: "https://evil.example/cert" })],
    ["ERR_TOKEN_HEADER", "x5c", withHeader({ x5c: ["AAAA"] })],
    ["ERR_TOKEN_HEADER", "crit", withHeader({ crit: ["exp"] })],
    ["ERR_TOKEN_HEADER", "b64", withHeader({ b64: false })],
    ["ERR_TOKEN_HEADER", "another typ", withHeader({ typ: "behalf-grant+jwt" })],
    ["ERR_TOKEN_MALFORMED", "a claim twice", forge(hs, body.replace("{", '{"sub":"x",'), hs256())],
    [
      "ERR_TOKEN_MALFORMED",
      "a claim twice, once escaped",
      forge(hs, body.replace("{", '{"r\\u006fle":"x",'), hs256()),
    ],
    ["ERR_TOKEN_MALFORMED", "alg twice", forge('{"alg":"none","alg":"HS256"}', good, hs256())],
    [
      "ERR_TOKEN_MALFORMED",
      "deep nesting",
      forge(hs, body.replace("{", `{"a":${"[".repeat(500)}${"]".repeat(500)},`), hs256()),
    ],
    ["ERR_TOKEN_MALFORMED", "claims that are a list", forge(hs, [good], hs256())],
    ["ERR_TOKEN_MALFORMED", "claims that are no JSON", forge(hs, "{'a':1}", hs256())],
    ["ERR_TOKEN_TOO_LARGE", "17 KB", withClaims({ a: "x".repeat(17_000) })],
    ["ERR_TOKEN_EXPIRED", "an end in the past", withClaims({ exp: now - 31 })],
    ["ERR_TOKEN_MALFORMED", "no end", withClaims({ exp: undefined })],
    ["ERR_TOKEN_MALFORMED", "an end that is a text", withClaims({ exp: String(now + 60) })],
    ["ERR_TOKEN_MALFORMED", "an end that is null", withClaims({ exp: null })],
    ["ERR_TOKEN_NOT_YET_VALID", "a beginning in the future", withClaims({ nbf: now + 31 })],
    ["ERR_TOKEN_NOT_YET_VALID", "issued in the future", withClaims({ iat: now + 31 })],
    ["ERR_TOKEN_AUDIENCE", "another audience", withClaims({ aud: "anon" })],
    ["ERR_TOKEN_AUDIENCE", "no audience", withClaims({ aud: undefined })],
    ["ERR_TOKEN_ISSUER", "another project", withClaims({ iss: "https://evil.supabase.co/auth/v1" })],
    ["ERR_TOKEN_ISSUER", "no issuer", withClaims({ iss: undefined })],
    ["ERR_TOKEN_SUBJECT", "a number as subject", withClaims({ sub: 7 })],
    ["ERR_TOKEN_SUBJECT", "no subject", withClaims({ sub: undefined })],
    ["ERR_TOKEN_SUBJECT", "a subject with NUL", withClaims({ sub: `${ada}\u0000` })],
    ["ERR_TOKEN_SUBJECT", "a blank subject", withClaims({ sub: " " })],
    ["ERR_TOKEN_MALFORMED", "no role", withClaims({ role: undefined })],
    ["ERR_TOKEN_ROLE_REFUSED", "the service role", withClaims({ role: "service_role" })],
    ["ERR_TOKEN_MALFORMED", "the service_role key", serviceRoleKey],
    ["ERR_TOKEN_MALFORMED", "no text", undefined],
    ["ERR_TOKEN_MALFORMED", "an empty text", ""],
    ["ERR_TOKEN_MALFORMED", "two parts", "a.b"],
    ["ERR_TOKEN_MALFORMED", "five parts", "a.b.c.d.e"],
    ["ERR_TOKEN_MALFORMED", "padding", `${forge(hs, good, hs256())}=`],
    ["ERR_TOKEN_MALFORMED", "a line break", `${forge(hs, good, hs256())}\n`],
  ])("answers %s to %s", async (code, _name, token) => {
    expect(await codeOf(token)).toBe(code);
  });

  it.each(["HS256", "ES256", "EdDSA"])(
    "refuses a %s token with any character changed, left out or cut off",
    async (alg) => {
      const signingKeys = alg === "HS256" ? [] : [alg === "ES256" ? es.jwk : ed.jwk, rs.jwk];
      const { token } = await createBehalf({ ...options, signingKeys }).mintToken(ada);
      expect(await codeOf(token)).toBe("accepted");
      for (let at = 0; at < token.length; at++) {
        const char = token[at] === "A" ? "B" : "A";
        expect(await codeOf(token.slice(0, at) + char + token.slice(at + 1))).not.toBe("accepted");
        expect(await codeOf(token.slice(0, at) + token.slice(at + 1))).not.toBe("accepted");
        expect(await codeOf(token.slice(0, at))).not.toBe("accepted");
      }
    },
  );

  it("refuses a token with any bit flipped", async () => {
    const { token } = await createBehalf(options).mintToken(ada);
    const bytes = Buffer.from(token);
    await fc.assert(
      fc.asyncProperty(fc.nat(bytes.length * 8 - 1), async (bit) => {
        const flipped = Buffer.from(bytes);
        const at = bit >> 3;
        flipped[at] = (flipped[at] ?? 0) ^ (1 << (bit & 7));
        expect(await codeOf(flipped.toString("latin1"))).not.toBe("accepted");
      }),
      { numRuns: 200 },
    );
  });

  it("refuses other last bits of the same signature", async () => {
    const token = forge(hs, good, (input) => createHmac("sha256", jwtSecret).update(input).digest());
    const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    const last = alphabet.indexOf(token.at(-1) ?? "");
    const twin = token.slice(0, -1) + alphabet[last ^ 1];
    expect(Buffer.from(twin.split(".")[2] ?? "", "base64url")).toEqual(
      Buffer.from(token.split(".")[2] ?? "", "base64url"),
    );
    expect(await codeOf(twin)).toBe("ERR_TOKEN_MALFORMED");
  });
});

describe("hasDuplicateNames", () => {
  it("agrees with what was built, whatever the names are", () => {
    const names = fc.uniqueArray(fc.string({ unit: "binary" }), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(names, fc.jsonValue(), fc.boolean(), (unique, value, twice) => {
        const members = unique.map((name) => `${JSON.stringify(name)}:${JSON.stringify(value)}`);
        const text = `{${[...members, ...(twice ? members.slice(0, 1) : [])].join(" , ")}}`;
        expect(hasDuplicateNames(text)).toBe(twice);
        expect(hasDuplicateNames(`{"outer":[1,${text}]}`)).toBe(twice);
      }),
    );
  });
});
