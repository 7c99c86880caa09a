// Attacks on grants. Forgeries are made with node:crypto, not with the code under attack.
import {
  createHmac,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  hkdfSync,
  sign,
  verify,
} from "node:crypto";
import type { Behalf } from "behalf";
import type { JWK } from "jose";
import { beforeAll, describe, expect, test } from "vitest";
import { ada, behalfOf, codeOf, generateGrantKeys, grace } from "./grants-test-support.ts";

const url = "https://abcdefghijklmnopqrst.supabase.co";
const publishableKey = "sb_publishable_ACJWlzQHlZjBrEguHvfOxg_3BJgxAaH";
const jwtSecret = "super-secret-jwt-token-with-at-least-32-characters-long";
const actor = { sub: "export-notes", run: "run_1", attempt: 1 };
const now = () => Math.floor(Date.now() / 1000);

const encode = (value: unknown) =>
  Buffer.from(typeof value === "string" ? value : JSON.stringify(value)).toString("base64url");
const hs256 = (key: string | Buffer) => (input: string) => createHmac("sha256", key).update(input).digest();
const es256 = (jwk: JWK) => (input: string) =>
  sign("sha256", Buffer.from(input), {
    key: createPrivateKey({ key: jwk as never, format: "jwk" }),
    dsaEncoding: "ieee-p1363",
  });
function forge(header: unknown, claims: unknown, signer: (input: string) => Buffer): string {
  const input = `${encode(header)}.${encode(claims)}`;
  return `${input}.${signer(input).toString("base64url")}`;
}

const accessToken = forge(
  { alg: "HS256", typ: "JWT" },
  {
    iss: `${url}/auth/v1`,
    sub: ada,
    aud: "authenticated",
    role: "authenticated",
    iat: now(),
    exp: now() + 3600,
  },
  hs256(jwtSecret),
);

let keys: Awaited<ReturnType<typeof generateGrantKeys>>;
let app: Behalf;
/** Opens grants sealed with the ES256 key, and with the key derived from the secret. */
let worker: Behalf;
let derived: Behalf;
let grant: string;
let derivedGrant: string;
let claims: Record<string, unknown>;

const header = { alg: "ES256", typ: "behalf-grant+jwt", kid: "grants-1" };
const open = (text: unknown, by = worker, payload: unknown = { month: 7 }) =>
  codeOf(by.mintToken({ grant: text as string, payload }, { actor }));

beforeAll(async () => {
  keys = await generateGrantKeys();
  const project = { url, publishableKey, jwtSecret };
  app = behalfOf({ ...project, grantKey: keys.app });
  worker = behalfOf({ ...project, grantKey: keys.worker });
  derived = behalfOf(project);
  const options = { accessToken, task: "export-notes", payload: { month: 7 }, expiresIn: "1h" };
  const sealed = await app.grant(options);
  grant = sealed.grant;
  claims = { ...sealed.claims };
  derivedGrant = (await derived.grant(options)).grant;
});

test("what was not attacked passes, and node:crypto agrees with every signature", async () => {
  expect(await open(grant)).toBe("none");
  expect(await open(derivedGrant, derived)).toBe("none");
  const [input, signature] = [/^(.*)\.(.*)$/.exec(grant), /^(.*)\.(.*)$/.exec(derivedGrant)];
  const key = {
    key: createPublicKey({ key: keys.worker as never, format: "jwk" }),
    dsaEncoding: "ieee-p1363",
  } as const;
  expect(
    verify("sha256", Buffer.from(input?.[1] ?? ""), key, Buffer.from(input?.[2] ?? "", "base64url")),
  ).toBe(true);
  const secret = Buffer.from(hkdfSync("sha256", jwtSecret, Buffer.alloc(32), "behalf grant v1", 32));
  expect(hs256(secret)(signature?.[1] ?? "").toString("base64url")).toBe(signature?.[2]);
});

test.each(["asymmetric", "derived"])("every byte flipped, every length cut: %s", async (kind) => {
  const [text, by] = kind === "derived" ? [derivedGrant, derived] : [grant, worker];
  const expected = /^ERR_GRANT_(?:MALFORMED|HEADER|ALGORITHM|KEY_UNKNOWN|SIGNATURE)$/;
  const attacks = [...text].flatMap((char, at) => {
    const flipped = String.fromCharCode(char.charCodeAt(0) ^ (1 << (at % 7)));
    return [text.slice(0, at) + flipped + text.slice(at + 1), text.slice(0, at)];
  });
  for (const [at, code] of (await Promise.all(attacks.map((attack) => open(attack, by)))).entries())
    expect(code, `attack ${at}`).toMatch(expected);
});

describe("forged:", () => {
  const forgeries: [string, string, () => unknown][] = [
    [
      "alg none",
      "ERR_GRANT_ALGORITHM",
      () => forge({ ...header, alg: "none" }, claims, () => Buffer.alloc(64)),
    ],
    [
      "alg nOnE",
      "ERR_GRANT_ALGORITHM",
      () => forge({ ...header, alg: "nOnE" }, claims, () => Buffer.alloc(64)),
    ],
    ["no alg", "ERR_GRANT_ALGORITHM", () => forge({ typ: header.typ }, claims, es256(keys.app))],
    [
      "another alg's name",
      "ERR_GRANT_ALGORITHM",
      () => forge({ ...header, alg: "RS256" }, claims, es256(keys.app)),
    ],
    [
      "HS256 with the public key as secret",
      "ERR_GRANT_ALGORITHM",
      () => {
        const pem = createPublicKey({ key: keys.worker as never, format: "jwk" }).export({
          type: "spki",
          format: "pem",
        });
        return forge({ ...header, alg: "HS256" }, claims, hs256(pem as string));
      },
    ],
    [
      "an unknown kid",
      "ERR_GRANT_KEY_UNKNOWN",
      () => forge({ ...header, kid: "../../etc" }, claims, es256(keys.app)),
    ],
    [
      "another key under the right kid",
      "ERR_GRANT_SIGNATURE",
      () => {
        const other = generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey.export({ format: "jwk" });
        return forge(header, claims, es256(other as JWK));
      },
    ],
    [
      "its own key in jwk",
      "ERR_GRANT_HEADER",
      () => forge({ ...header, jwk: keys.worker }, claims, es256(keys.app)),
    ],
    [
      "jku",
      "ERR_GRANT_HEADER",
      () => forge({ ...header, jku: "https://evil.example" }, claims, es256(keys.app)),
    ],
    [
      "x5u",
      "ERR_GRANT_HEADER",
      () => forge({ ...header, x5u: "https://evil.example" }, claims, es256(keys.app)),
    ],
    ["crit", "ERR_GRANT_HEADER", () => forge({ ...header, crit: ["exp"] }, claims, es256(keys.app))],
    ["typ JWT", "ERR_GRANT_HEADER", () => forge({ ...header, typ: "JWT" }, claims, es256(keys.app))],
    ["no typ", "ERR_GRANT_HEADER", () => forge({ alg: "ES256", kid: header.kid }, claims, es256(keys.app))],
    ["an access token", "ERR_GRANT_HEADER", () => accessToken],
    [
      "a name given twice",
      "ERR_GRANT_MALFORMED",
      () => forge(header, JSON.stringify(claims).replace("{", `{"sub":"${grace}",`), es256(keys.app)),
    ],
    ["a fourth part", "ERR_GRANT_MALFORMED", () => `${grant}.AAAA`],
    ["padding", "ERR_GRANT_MALFORMED", () => `${grant}==`],
    ["60 kB of it", "ERR_GRANT_MALFORMED", () => grant + "A".repeat(60_000)],
    ["a number", "ERR_GRANT_MALFORMED", () => 42],
    ["null", "ERR_GRANT_MALFORMED", () => null],
  ];
  test.each(forgeries)("%s: %s", async (_, code, make) => {
    expect(await open(make())).toBe(code);
  });
});

describe("sealed with the right key by another hand:", () => {
  const edits: [string, string, Record<string, unknown>][] = [
    ["expired", "ERR_GRANT_EXPIRED", { exp: now() - 1 }],
    ["from the future", "ERR_GRANT_NOT_YET_VALID", { iat: now() + 600 }],
    ["another environment", "ERR_GRANT_AUDIENCE", { aud: `${url}#staging` }],
    ["several environments", "ERR_GRANT_MALFORMED", { aud: [url] }],
    ["another task", "ERR_GRANT_TASK", { tasks: ["delete-notes"] }],
    ["no task", "ERR_GRANT_TASK", { tasks: [] }],
    ["another payload", "ERR_GRANT_PAYLOAD", { payload_digest: "A".repeat(43) }],
    ["another issuer", "ERR_GRANT_MALFORMED", { iss: `${url}/auth/v1` }],
    ["no user", "ERR_GRANT_MALFORMED", { sub: undefined }],
    ["a user with NUL", "ERR_TOKEN_SUBJECT", { sub: `${ada}\u0000` }],
    ["no end", "ERR_GRANT_MALFORMED", { exp: undefined }],
    ["an end that is text", "ERR_GRANT_MALFORMED", { exp: "never" }],
    ["no id", "ERR_GRANT_MALFORMED", { jti: undefined }],
    ["service_role", "ERR_TOKEN_ROLE_REFUSED", { role: "service_role" }],
  ];
  test.each(edits)("%s: %s", async (_, code, edit) => {
    expect(await open(forge(header, { ...claims, ...edit }, es256(keys.app)))).toBe(code);
  });
});

test("objects that the caller uses again at once don't mix requests", async () => {
  const options = { actor: { ...actor }, scope: "public.notes:select" };
  const granted = { grant, payload: { month: 7 } };
  const minting = worker.mintToken(granted, options);
  Object.assign(options, { actor: { sub: "export-notes", run: "run_2" }, scope: "public.files:select" });
  granted.payload = { month: 8 };
  expect((await minting).claims).toMatchObject({ act: actor, scope: "public.notes:select" });

  const { token } = await worker.mintToken(grace);
  const asked = { accessToken, task: "export-notes", payload: { month: 7 }, expiresIn: "1h" };
  const sealing = app.grant(asked);
  asked.payload.month = 8;
  Object.assign(asked, { accessToken: token, task: "delete-notes" });
  const { claims: sealed } = await sealing;
  expect(sealed).toMatchObject({ sub: ada, tasks: ["export-notes"], payload_digest: claims.payload_digest });
});

test("a grant of one key opens with no other", async () => {
  expect(await open(grant, derived)).toBe("ERR_GRANT_KEY_UNKNOWN");
  expect(await open(derivedGrant)).toBe("ERR_GRANT_ALGORITHM");
  const secret = behalfOf({
    url,
    publishableKey,
    jwtSecret,
    grantKey: "a-secret-for-grants-alone-0123456789",
  });
  expect(await open(derivedGrant, secret)).toBe("ERR_GRANT_SIGNATURE");
});

test("grant keys rotate: the new one seals, the old one still opens", async () => {
  const next = await generateGrantKeys("grants-2");
  const project = { url, publishableKey, jwtSecret };
  const rotated = behalfOf({ ...project, grantKey: { keys: [next.app, keys.app] } });
  const both = behalfOf({ ...project, grantKey: { keys: [next.worker, keys.worker] } });
  const options = { accessToken, task: "export-notes", payload: { month: 7 }, expiresIn: "1h" };
  const { grant: sealed } = await rotated.grant(options);
  expect(await open(sealed, both)).toBe("none");
  expect(await open(grant, both)).toBe("none");
  expect(await open(sealed)).toBe("ERR_GRANT_KEY_UNKNOWN");
});

test("no refusal says what the grant or the key is", async () => {
  const texts: string[] = [];
  const attacks = [
    grant.slice(0, -3),
    `${derivedGrant}x`,
    accessToken,
    forge(header, { ...claims, aud: "x" }, es256(keys.app)),
  ];
  for (const attack of attacks)
    await worker.mintToken({ grant: attack }, { actor }).catch((error: Error) => {
      texts.push(error.message, error.stack ?? "", JSON.stringify(error));
    });
  expect(texts).toHaveLength(12);
  for (const secret of [ada, jwtSecret, keys.app.d ?? "", ...attacks.flatMap((text) => text.split("."))])
    expect(texts.join("\n")).not.toContain(secret);
});
