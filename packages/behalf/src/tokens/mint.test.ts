import { createHmac, type KeyObject, verify } from "node:crypto";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  ada,
  environment,
  generateKey,
  jwtSecret,
  legacyKey,
  readToken,
  recordRequests,
} from "../../test/fixtures.js";
import { createBehalf } from "../behalf.js";
import { readConfig } from "../config/read-config.js";
import { BehalfError } from "../errors.js";
import type { Json, TokenOptions } from "./types.js";
import { verifyToken } from "./verify.js";

const url = "http://127.0.0.1:54321";
const keys = {
  ES256: generateKey("ES256", "es"),
  RS256: generateKey("RS256", "rs"),
  EdDSA: generateKey("EdDSA", "ed"),
};

// node:crypto alone decides whether a signature is right.
const oracles: Record<string, (input: string, signature: Buffer) => boolean> = {
  HS256: (input, signature) => createHmac("sha256", jwtSecret).update(input).digest().equals(signature),
  ES256: (input, signature) =>
    verify("sha256", Buffer.from(input), { key: keys.ES256.publicKey, dsaEncoding: "ieee-p1363" }, signature),
  RS256: (input, signature) => verify("sha256", Buffer.from(input), keys.RS256.publicKey, signature),
  EdDSA: (input, signature) => verify(null, Buffer.from(input), keys.EdDSA.publicKey as KeyObject, signature),
};

function behalfFor(algorithm: string) {
  const key = keys[algorithm as keyof typeof keys];
  return createBehalf({
    environment: environment(url, key ? { SUPABASE_SIGNING_KEY: JSON.stringify(key.jwk) } : {}),
  });
}

describe.each(Object.keys(oracles))("a token signed with %s", (algorithm) => {
  it("has a signature that node:crypto accepts, and the key's id", async () => {
    const { token, claims } = await behalfFor(algorithm).mintToken(ada);
    const [header, body, signature = ""] = token.split(".");
    expect(oracles[algorithm]?.(`${header}.${body}`, Buffer.from(signature, "base64url"))).toBe(true);
    const kid = keys[algorithm as keyof typeof keys]?.jwk.kid;
    expect(readToken(token)).toEqual({
      header: { alg: algorithm, typ: "JWT", ...(kid ? { kid } : {}) },
      claims,
    });
  });
});

describe("a minted token", () => {
  const behalf = behalfFor("HS256");

  it("has exactly the promised claims", async () => {
    const before = Math.floor(Date.now() / 1000);
    const { token, expiresAt } = await behalf.mintToken(ada);
    const after = Math.floor(Date.now() / 1000);
    const { claims } = readToken(token);
    const iat = claims.iat as number;
    expect(claims).toEqual({
      iss: `${url}/auth/v1`,
      sub: ada,
      aud: "authenticated",
      role: "authenticated",
      aal: "aal1",
      is_anonymous: false,
      iat,
      exp: iat + 30 + 3600,
    });
    expect(iat + 30).toBeGreaterThanOrEqual(before);
    expect(iat + 30).toBeLessThanOrEqual(after);
    expect(expiresAt.getTime()).toBe((iat + 30 + 3600) * 1000);
  });

  it("names the actor, the initiator and the scope where there are any", async () => {
    const actor = {
      sub: "send-mail",
      run: "run_2",
      attempt: 3,
      act: { sub: "plan-mails", run: "run_1", attempt: 1 },
    };
    const scope = ["public.notes:select", "public.notes:insert"];
    const { claims } = await behalf.mintToken(ada, {
      actor,
      scope,
      initiator: "ada@example.com",
      role: "reporter",
    });
    expect(claims).toMatchObject({
      act: actor,
      initiator: "ada@example.com",
      scope: "public.notes:select public.notes:insert",
      role: "reporter",
    });
  });

  it("belongs to the run of Trigger.dev that asks for it", async () => {
    const registry = Symbol.for("dev.trigger.ts.api");
    const globals = globalThis as Record<symbol, unknown>;
    const before = globals[registry];
    globals[registry] = {
      "task-context": { ctx: { task: { id: "t" }, run: { id: "run_1" }, attempt: { number: 2 } } },
    };
    try {
      expect((await behalf.mintToken(ada)).claims.act).toEqual({ sub: "t", run: "run_1", attempt: 2 });
    } finally {
      globals[registry] = before;
    }
    expect((await behalf.mintToken(ada)).claims).not.toHaveProperty("act");
  });

  const json = fc.jsonValue({ maxDepth: 3 }) as fc.Arbitrary<Json>;
  const name = fc.string({ minLength: 1, unit: "grapheme" });
  const text = fc.stringMatching(/^[a-z0-9]([a-z0-9 @.-]{0,20}[a-z0-9])?$/);
  const options: fc.Arbitrary<TokenOptions> = fc.record(
    {
      role: fc.stringMatching(/^app_[a-z]{1,20}$/),
      claims: fc.dictionary(name, json, { maxKeys: 5 }),
      lifetime: fc.integer({ min: 1, max: 86_400 }),
      initiator: text,
      scope: fc.array(fc.stringMatching(/^[a-z_.:]{1,20}$/), { minLength: 1, maxLength: 4 }),
      actor: fc.record({ sub: text, run: text, attempt: fc.integer({ min: 1, max: 99 }) }),
    },
    { requiredKeys: [] },
  );

  it("verifies and says what was asked for, whatever that is", async () => {
    const { keyring, issuer } = readConfig({ environment: environment(url) });
    await fc.assert(
      fc.asyncProperty(fc.uuid(), options, async (userId, asked) => {
        const { token, claims } = await behalf.mintToken(userId, asked);
        expect(await verifyToken(token, { keyring, issuer, now: Date.now() })).toEqual(claims);
        const { claims: extra = {}, actor, scope, initiator } = asked;
        expect(claims).toEqual({
          aal: "aal1",
          is_anonymous: false,
          ...JSON.parse(JSON.stringify(extra)),
          iss: issuer,
          sub: userId,
          aud: "authenticated",
          role: asked.role ?? "authenticated",
          iat: claims.iat,
          exp: claims.iat + 30 + Number(asked.lifetime ?? 3600),
          ...(actor ? { act: actor } : {}),
          ...(initiator ? { initiator } : {}),
          ...(scope ? { scope: [scope].flat().join(" ") } : {}),
        });
      }),
      { numRuns: 60 },
    );
  });
});

describe("what is not minted", () => {
  const behalf = behalfFor("HS256");
  const refused = async (userId: unknown, options?: unknown) => {
    const error = await behalf
      .mintToken(userId as string, options as TokenOptions)
      .catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(BehalfError);
    return (error as BehalfError).code;
  };

  it.each([
    [undefined],
    [null],
    [""],
    ["  "],
    [7],
    [true],
    [{}],
    [["a"]],
    [" a"],
    ["a\u0000b"],
    ["a\nb"],
    ["\ud800"],
    ["x".repeat(256)],
  ])("for the user id %j", async (userId) => {
    expect(await refused(userId)).toBe("ERR_USER_ID_INVALID");
  });

  it.each([
    "service_role",
    "SERVICE_ROLE",
    "supabase_admin",
    "postgres",
    "authenticator",
    "supabase_auth_admin",
    "supabase_storage_admin",
    "supabase_read_only_user",
    "dashboard_user",
    "pg_read_all_data",
    "cli_login_postgres",
  ])("for the role %s", async (role) => {
    expect(await refused(ada, { role })).toBe("ERR_TOKEN_ROLE_REFUSED");
  });

  it.each(["", " ", "service_role ", "service_role\u0000", "a b", 'x"; --', "x".repeat(64), 1, null])(
    "for the role name %j",
    async (role) => {
      expect(await refused(ada, { role })).toBe("ERR_TOKEN_CLAIM_MALFORMED");
    },
  );

  it.each([
    "sub",
    "role",
    "iss",
    "aud",
    "exp",
    "iat",
    "nbf",
    "act",
    "initiator",
    "scope",
    "grant_id",
    "kid",
    "jti",
  ])("with an extra claim %s", async (claim) => {
    expect(await refused(ada, { claims: { [claim]: "service_role" } })).toBe("ERR_TOKEN_CLAIM_RESERVED");
  });

  it.each([
    ["a lifetime of nothing", { lifetime: 0 }, "ERR_TOKEN_LIFETIME"],
    ["a lifetime over a day", { lifetime: "25h" }, "ERR_TOKEN_LIFETIME"],
    ["a lifetime that is none", { lifetime: "soon" }, "ERR_TOKEN_LIFETIME"],
    ["null as lifetime", { lifetime: null }, "ERR_TOKEN_LIFETIME"],
    ["claims that are a list", { claims: [] }, "ERR_TOKEN_CLAIM_MALFORMED"],
    ["claims that are no JSON", { claims: { a: 1n } }, "ERR_TOKEN_CLAIM_MALFORMED"],
    [
      "a __proto__ claim",
      { claims: JSON.parse('{"__proto__": {"role": "service_role"}}') },
      "ERR_TOKEN_CLAIM_RESERVED",
    ],
    [
      "claims of another form as JSON",
      { claims: { toJSON: () => ({ act: { sub: "x" } }) } },
      "ERR_TOKEN_CLAIM_RESERVED",
    ],
    ["a claim with NUL", { claims: { a: ["b\u0000"] } }, "ERR_TOKEN_CLAIM_MALFORMED"],
    ["a claim with half a character", { claims: { a: "\ud83d" } }, "ERR_TOKEN_CLAIM_MALFORMED"],
    ["an initiator with half a character", { initiator: "\ud83d" }, "ERR_TOKEN_CLAIM_MALFORMED"],
    ["claims of 7 KB", { claims: { a: "x".repeat(7168) } }, "ERR_TOKEN_TOO_LARGE"],
    ["an actor without a name", { actor: { sub: "" } }, "ERR_TOKEN_CLAIM_MALFORMED"],
    ["an attempt of 0", { actor: { sub: "a", attempt: 0 } }, "ERR_TOKEN_CLAIM_MALFORMED"],
    ["an initiator of two lines", { initiator: "a\nb" }, "ERR_TOKEN_CLAIM_MALFORMED"],
    ["an empty scope", { scope: "" }, "ERR_TOKEN_CLAIM_MALFORMED"],
    ["a scope with a quote", { scope: ['a"b'] }, "ERR_TOKEN_CLAIM_MALFORMED"],
    ["a scope with two spaces", { scope: "a  b" }, "ERR_TOKEN_CLAIM_MALFORMED"],
  ])("with %s", async (_name, options, code) => {
    expect(await refused(ada, options)).toBe(code);
  });

  it("unless it is so: a backslash and what looks like an escape are text", async () => {
    const claims = { a: "\\u0000 \\\\ud83d 😀" };
    expect((await behalf.mintToken(ada, { claims })).claims).toMatchObject(claims);
  });

  it("for an endless chain of actors", async () => {
    const actor: Record<string, unknown> = { sub: "a" };
    actor.act = actor;
    expect(await refused(ada, { actor })).toBe("ERR_TOKEN_CLAIM_MALFORMED");
  });

  it("with a secret that is another project's", async () => {
    const other = createBehalf({
      environment: environment(url, {
        SUPABASE_ANON_KEY: legacyKey("anon", {}, "another-secret-of-more-than-32-characters"),
      }),
    });
    await expect(other.asUser(ada)).rejects.toMatchObject({ code: "ERR_CONFIG_PROJECT_MISMATCH" });
  });
});

describe("a lookup", () => {
  let server: Awaited<ReturnType<typeof recordRequests>>;
  beforeAll(async () => {
    server = await recordRequests();
  });
  afterAll(() => server.close());

  it.each([
    ["ERR_USER_LOOKUP_FAILED", 500, {}, true],
    ["ERR_USER_LOOKUP_FAILED", 429, {}, true],
    ["ERR_USER_LOOKUP_FAILED", 401, { msg: "no" }, false],
    ["ERR_USER_LOOKUP_FAILED", 200, {}, true],
    ["ERR_USER_LOOKUP_FAILED", 200, { id: "22222222-2222-4222-8222-222222222222" }, false],
    ["ERR_USER_NOT_FOUND", 404, {}, false],
    ["ERR_USER_NOT_FOUND", 200, { id: ada, deleted_at: "2026-01-01T00:00:00Z" }, false],
    ["ERR_USER_BANNED", 200, { id: ada, banned_until: "2126-01-01T00:00:00Z" }, false],
  ])("ends with %s after %s %j", async (code, status, body, transient) => {
    server.answerWith((_request, response) => {
      response.writeHead(status).end(JSON.stringify(body));
    });
    const behalf = createBehalf({ users: "lookup", environment: environment(server.url) });
    await expect(behalf.asUser(ada)).rejects.toMatchObject({ code, transient });
  });

  it("fills in what a session's token would say", async () => {
    const user = {
      email: "ada@example.com",
      phone: "",
      app_metadata: { plan: "pro" },
      user_metadata: { name: "Ada" },
    };
    server.answerWith((_request, response) => {
      response.end(
        JSON.stringify({ id: ada, ...user, is_anonymous: true, banned_until: "2020-01-01T00:00:00Z" }),
      );
    });
    const behalf = createBehalf({ users: "lookup", environment: environment(server.url) });
    const { claims } = await behalf.mintToken(ada, { claims: { user_metadata: { name: "Ada L." } } });
    expect(claims).toMatchObject({
      ...user,
      is_anonymous: true,
      user_metadata: { name: "Ada L." },
      sub: ada,
    });
  });

  it("says so when nobody answers, and what there was instead", async () => {
    const behalf = createBehalf({ users: "lookup", environment: environment("http://127.0.0.1:2") });
    await expect(behalf.asUser(ada)).rejects.toMatchObject({
      code: "ERR_USER_LOOKUP_FAILED",
      transient: true,
      message: "The user could not be looked up: the auth server could not be reached (ECONNREFUSED).",
    });
  });
});
