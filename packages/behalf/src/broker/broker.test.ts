import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import {
  ada,
  forge,
  generateKey,
  grace,
  hs256,
  jwtSecret,
  publishableKey,
  readToken,
} from "../../test/fixtures.js";
import { createBehalf } from "../behalf.js";
import type { BehalfError } from "../errors.js";
import { sealActor } from "./actor-token.js";
import { basicHeader } from "./authenticate.js";
import { type CreateBrokerOptions, createBroker, type ExchangeEvent } from "./index.js";

const url = "https://abcdefghijklmnopqrst.supabase.co";
const brokerUrl = `${url}/functions/v1/broker`;
const secret = "the-secret-that-the-worker-shares-with-the-broker";
const actor = { sub: "export-notes", run: "run_1", attempt: 1 };
const signing = generateKey("ES256", "signing-1");
const granting = generateKey("ES256", "grants-1");

const events: ExchangeEvent[] = [];
const brokerWith = (options: CreateBrokerOptions = {}) =>
  createBroker({
    environment: { BEHALF_BROKER_SECRET: secret },
    url,
    signingKey: signing.jwk,
    grantKey: granting.publicJwk,
    onExchange: (event) => events.push(event),
    ...options,
  });
const broker = brokerWith();
const app = createBehalf({
  environment: {},
  url,
  publishableKey,
  jwtSecret,
  grantKey: granting.jwk,
});
const seal = (options: object = {}) =>
  app.grant({ accessToken, task: "export-notes", payload: { month: 7 }, expiresIn: "1h", ...options });

let accessToken: string;
let grant: string;
let form: Record<string, string>;
beforeAll(async () => {
  accessToken = (await app.mintToken(ada)).token;
  ({ grant } = await seal());
  form = {
    grant_type: "urn:ietf:params:oauth:grant-type:token-exchange",
    subject_token: grant,
    subject_token_type: "urn:behalf:token-type:grant",
    actor_token: await sealActor({ actor, payloadDigest: await digestOf(grant) }, grant, secret),
    actor_token_type: "urn:ietf:params:oauth:token-type:jwt",
  };
});
beforeEach(() => {
  events.length = 0;
});

const digestOf = async (grant: string) => readToken(grant).claims.payload_digest as string;

async function ask(
  parameters: Record<string, string> | URLSearchParams = form,
  { by = broker, authorization = basicHeader("worker", secret) } = {},
) {
  const response = await by(
    new Request(brokerUrl, {
      method: "POST",
      headers: { authorization },
      body: new URLSearchParams(parameters),
    }),
  );
  return { response, status: response.status, body: (await response.json()) as Record<string, unknown> };
}

/** A worker whose requests to the broker go to the handler. */
function workerWith(by: (request: Request) => Promise<Response>, options: object = {}) {
  return createBehalf({
    environment: {},
    url,
    publishableKey,
    broker: { url: brokerUrl, secret },
    fetch: async (input, init) => by(new Request(input, init)),
    ...options,
  });
}
const refusal = (call: Promise<unknown>) =>
  call.then(
    () => undefined,
    (error: BehalfError) => error,
  );

describe("an exchange", () => {
  test("answers as RFC 8693 says", async () => {
    const { response, status, body } = await ask({ ...form, lifetime: "600", audience: url });
    expect(status).toBe(200);
    expect(response.headers.get("cache-control")).toBe("no-store");
    expect(response.headers.get("content-type")).toMatch(/^application\/json/);
    expect(body).toEqual({
      access_token: expect.any(String),
      issued_token_type: "urn:ietf:params:oauth:token-type:access_token",
      token_type: "Bearer",
      expires_in: 600,
    });
    const { header, claims } = readToken(body.access_token as string);
    expect(header).toEqual({ alg: "ES256", typ: "JWT", kid: "signing-1" });
    expect(claims).toMatchObject({
      sub: ada,
      act: actor,
      role: "authenticated",
      grant_id: readToken(grant).claims.jti,
    });
    expect(events).toEqual([
      {
        client: "worker",
        task: "export-notes",
        run: "run_1",
        userId: ada,
        grantId: claims.grant_id,
        status: 200,
      },
    ]);
  });

  const wrong: [string, number, string, string | undefined, () => Promise<Record<string, string>>][] = [
    [
      "another grant_type",
      400,
      "unsupported_grant_type",
      undefined,
      async () => ({ ...form, grant_type: "password" }),
    ],
    ["no subject_token", 400, "invalid_request", undefined, async () => ({ ...form, subject_token: "" })],
    [
      "another kind of subject_token",
      400,
      "invalid_request",
      undefined,
      async () => ({ ...form, subject_token_type: "urn:ietf:params:oauth:token-type:jwt" }),
    ],
    [
      "another kind of token asked for",
      400,
      "invalid_request",
      undefined,
      async () => ({ ...form, requested_token_type: "urn:ietf:params:oauth:token-type:refresh_token" }),
    ],
    [
      "another audience",
      400,
      "invalid_target",
      undefined,
      async () => ({ ...form, audience: "https://evil.example" }),
    ],
    ["no actor_token", 400, "invalid_request", undefined, async () => ({ ...form, actor_token: "" })],
    [
      "an actor_token that another secret signed",
      400,
      "invalid_request",
      undefined,
      async () => ({
        ...form,
        actor_token: await sealActor({ actor, payloadDigest: undefined }, grant, `${secret}!`),
      }),
    ],
    [
      "an actor_token for another grant",
      400,
      "invalid_request",
      undefined,
      async () => ({ ...form, subject_token: (await seal()).grant }),
    ],
    [
      "an actor_token of alg none",
      400,
      "invalid_request",
      undefined,
      async () => ({ ...form, actor_token: forge({ alg: "none" }, actor, () => Buffer.from("none")) }),
    ],
    [
      "a task that the grant doesn't name",
      400,
      "invalid_request",
      "ERR_GRANT_TASK",
      async () => ({
        ...form,
        actor_token: await sealActor(
          { actor: { sub: "delete-notes" }, payloadDigest: await digestOf(grant) },
          grant,
          secret,
        ),
      }),
    ],
    [
      "another payload",
      400,
      "invalid_request",
      "ERR_GRANT_PAYLOAD",
      async () => ({ ...form, actor_token: await sealActor({ actor, payloadDigest: "x" }, grant, secret) }),
    ],
    [
      "a scope beyond the grant's",
      400,
      "invalid_scope",
      "ERR_GRANT_SCOPE",
      async () => {
        const { grant } = await seal({ payload: undefined, scope: "a b" });
        const actor_token = await sealActor({ actor, payloadDigest: undefined }, grant, secret);
        return { ...form, subject_token: grant, actor_token, scope: "a c" };
      },
    ],
    [
      "an access token for a grant",
      400,
      "invalid_request",
      "ERR_GRANT_HEADER",
      async () => ({
        ...form,
        subject_token: accessToken,
        actor_token: await sealActor({ actor, payloadDigest: undefined }, accessToken, secret),
      }),
    ],
    [
      "a lifetime of a week",
      400,
      "invalid_request",
      "ERR_TOKEN_LIFETIME",
      async () => ({ ...form, lifetime: "604800" }),
    ],
    [
      "a body of 70 kB",
      413,
      "invalid_request",
      undefined,
      async () => ({ ...form, subject_token: "A".repeat(70_000) }),
    ],
  ];
  test.each(wrong)("is refused for %s: %d %s %s", async (_, status, error, code, make) => {
    const answered = await ask(await make());
    expect(answered.status).toBe(status);
    expect(answered.body).toEqual({
      error,
      error_description: expect.any(String),
      ...(code ? { code } : {}),
    });
    expect(answered.body.error_description).toMatch(/^[\x20-\x21\x23-\x5b\x5d-\x7e]+$/);
    expect(answered.response.headers.get("cache-control")).toBe("no-store");
  });

  test("is refused for a parameter given twice, another content type and another method", async () => {
    const twice = new URLSearchParams(form);
    twice.append("subject_token", grant);
    expect((await ask(twice)).body.error).toBe("invalid_request");
    const headers = { authorization: basicHeader("worker", secret), "content-type": "application/json" };
    const json = await broker(
      new Request(brokerUrl, { method: "POST", headers, body: JSON.stringify(form) }),
    );
    expect([json.status, await json.json()]).toEqual([
      400,
      expect.objectContaining({ error: "invalid_request" }),
    ]);
    const get = await broker(new Request(`${brokerUrl}?${new URLSearchParams(form)}`, { headers }));
    expect([get.status, get.headers.get("allow")]).toEqual([405, "POST"]);
  });

  test.each([
    ["no secret", ""],
    ["a wrong secret", basicHeader("worker", `${secret}x`)],
    ["another client's name", basicHeader("admin", secret)],
    ["a Bearer", `Bearer ${secret}`],
    ["no Base64", "Basic %%%"],
    ["no colon", `Basic ${btoa("worker")}`],
  ])("is refused to who has %s", async (_, authorization) => {
    const { status, body, response } = await ask(form, { authorization });
    expect([status, body.error]).toEqual([401, "invalid_client"]);
    expect(response.headers.get("www-authenticate")).toMatch(/^Basic /);
    expect(events).toEqual([{ status: 401, code: "ERR_BROKER_CLIENT_REFUSED" }]);
  });

  test("takes each secret of each client, whatever its characters", async () => {
    const odd = "ä:%+ ".repeat(8).replaceAll(" ", "_");
    const by = brokerWith({
      clients: { "a:b": [odd, secret], worker: "another-secret-for-the-worker-0123456789" },
    });
    const actorOf = async (secret: string) => ({
      ...form,
      actor_token: await sealActor({ actor, payloadDigest: await digestOf(grant) }, grant, secret),
    });
    expect((await ask(await actorOf(odd), { by, authorization: basicHeader("a:b", odd) })).status).toBe(200);
    expect((await ask(form, { by, authorization: basicHeader("a:b", secret) })).status).toBe(200);
    expect((await ask(form, { by, authorization: basicHeader("worker", secret) })).status).toBe(401);
  });

  test("is limited for each client", async () => {
    const by = brokerWith({ rateLimit: { perMinute: 1, burst: 1 } });
    expect((await ask(form, { by })).status).toBe(200);
    const { status, body, response } = await ask(form, { by });
    expect([status, body.code]).toEqual([429, "ERR_BROKER_RATE_LIMITED"]);
    expect(Number(response.headers.get("retry-after"))).toBeGreaterThan(0);
  });

  test("that is refused says nothing of keys, tokens or users", async () => {
    const { body } = await ask({ ...form, subject_token: `${grant.slice(0, -4)}AAAA` });
    const said = JSON.stringify([body, events]);
    for (const canary of [secret, ada, signing.jwk.d ?? "", ...grant.split(".")])
      expect(said).not.toContain(canary);
  });
});

test.each([
  ["no client", "ERR_CONFIG_MISSING", { environment: {} }],
  ["a short secret", "ERR_CONFIG_MALFORMED", { clients: { worker: "short" } }],
  ["the JWT secret as the client's", "ERR_KEY_SHARED", { jwtSecret, clients: { worker: jwtSecret } }],
  ["the grant key as the client's", "ERR_KEY_SHARED", { grantKey: secret, clients: { worker: secret } }],
  ["no key to sign with", "ERR_CONFIG_MISSING", { signingKey: undefined }],
  ["no key for grants", "ERR_CONFIG_MISSING", { grantKey: undefined }],
  ["a lookup without the key for it", "ERR_CONFIG_MISSING", { users: "lookup" }],
  ["no rate", "ERR_CONFIG_MALFORMED", { rateLimit: { perMinute: 0, burst: 1 } }],
])("a broker with %s doesn't start: %s", (_, code, options) => {
  const defined = Object.entries(options).filter(([, value]) => value !== undefined);
  const without = Object.keys(options).filter((name) => options[name as keyof typeof options] === undefined);
  const all = {
    environment: { BEHALF_BROKER_SECRET: secret },
    url,
    signingKey: signing.jwk,
    grantKey: granting.publicJwk,
  };
  const given = Object.fromEntries(Object.entries(all).filter(([name]) => !without.includes(name)));
  expect(() => createBroker({ ...given, ...Object.fromEntries(defined) })).toThrow(
    expect.objectContaining({ code }),
  );
});

describe("a worker", () => {
  test("gets tokens for its grants, with no key of its own", async () => {
    const { claims } = await workerWith(broker).mintToken({ grant, payload: { grant, month: 7 } }, { actor });
    expect(claims).toMatchObject({ sub: ada, act: actor, initiator: ada });
  });

  test("is configured by the environment", async () => {
    const environment = {
      SUPABASE_URL: url,
      SUPABASE_PUBLISHABLE_KEY: publishableKey,
      BEHALF_BROKER_URL: brokerUrl,
      BEHALF_BROKER_SECRET: secret,
      BEHALF_BROKER_CLIENT_ID: "worker",
    };
    const fetch = async (input: unknown, init?: RequestInit) => broker(new Request(input as string, init));
    const behalf = createBehalf({ environment, fetch: fetch as typeof globalThis.fetch });
    await expect(behalf.asUser({ grant, payload: { month: 7 } }, { actor })).resolves.toBeDefined();
    const { BEHALF_BROKER_SECRET: _, ...without } = environment;
    expect(() => createBehalf({ environment: without })).toThrow(/BEHALF_BROKER_SECRET is not defined/);
    expect(() => createBehalf({ environment: { ...environment, BEHALF_BROKER_URL: "broker" } })).toThrow(
      /BEHALF_BROKER_URL is not an http or https URL/,
    );
  });

  test("can't act on a plain id", async () => {
    expect(await refusal(workerWith(broker).asUser(ada))).toMatchObject({ code: "ERR_GRANT_REQUIRED" });
  });

  test("is told why, in the code of what went wrong", async () => {
    const worker = workerWith(broker);
    const calls = [
      worker.mintToken({ grant, payload: { month: 8 } }, { actor }),
      worker.mintToken({ grant, payload: { month: 7 } }, { actor: { sub: "delete-notes" } }),
      workerWith(broker, { broker: { url: brokerUrl, secret: `${secret}!` } }).mintToken(
        { grant },
        { actor },
      ),
    ];
    const codes = (await Promise.all(calls.map(refusal))).map((error) => error?.code);
    expect(codes).toEqual(["ERR_GRANT_PAYLOAD", "ERR_GRANT_TASK", "ERR_BROKER_CLIENT_REFUSED"]);
  });

  test("asks again where that may help, and not where it can't", async () => {
    const tried: number[] = [];
    const failing = (statuses: number[]) => async (request: Request) => {
      const status = statuses[tried.push(1) - 1];
      if (status === undefined) return broker(request);
      if (status === 0) throw new TypeError("fetch failed");
      return Response.json({ error: "server_error" }, { status, headers: { "retry-after": "0" } });
    };
    const call = (statuses: number[]) => {
      tried.length = 0;
      return workerWith(failing(statuses)).mintToken({ grant, payload: { month: 7 } }, { actor });
    };
    await expect(call([0, 503, 429])).resolves.toBeDefined();
    expect(tried).toHaveLength(4);
    expect(await refusal(call([403]))).toMatchObject({ code: "ERR_BROKER_REFUSED", transient: false });
    expect(tried).toHaveLength(1);
  });

  test.each([
    ["a web page", async () => new Response("<!doctype html>", { headers: { "content-type": "text/html" } })],
    ["an empty object", async () => Response.json({})],
    ["no token", async () => Response.json({ access_token: "abc" })],
    [
      "a redirect",
      async () => new Response(null, { status: 302, headers: { location: "https://evil.example" } }),
    ],
    [
      "a token of another user",
      async () => {
        const claims = {
          iss: `${url}/auth/v1`,
          sub: grace,
          aud: "authenticated",
          role: "authenticated",
          iat: 1,
          exp: 4e9,
        };
        return Response.json({ access_token: forge({ alg: "HS256" }, claims, hs256()) });
      },
    ],
    [
      "a service_role token",
      async () => {
        const claims = {
          iss: `${url}/auth/v1`,
          sub: ada,
          aud: "authenticated",
          role: "service_role",
          iat: 1,
          exp: 4e9,
        };
        return Response.json({ access_token: forge({ alg: "HS256" }, claims, hs256()) });
      },
    ],
  ])("takes no token from who answers with %s", async (_, by) => {
    expect(await refusal(workerWith(by).mintToken({ grant }, { actor }))).toMatchObject({
      code: "ERR_BROKER_RESPONSE",
    });
  });
});
