import { resourceCatalog } from "@trigger.dev/core/v3";
import { StandardResourceCatalog } from "@trigger.dev/core/v3/workers";
import { type Behalf, createBehalf, type GrantOptions } from "behalf";
import { triggerTasks } from "behalf/trigger";
import { decodeJwt, decodeProtectedHeader } from "jose";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  ada,
  behalfOf,
  codeOf,
  generateGrantKeys,
  grace,
  signIn,
  startNotes,
} from "./grants-test-support.ts";

const actor = { sub: "export-notes", run: "run_1", attempt: 1 };

let stack: Awaited<ReturnType<typeof startNotes>>;
let accessToken: string;
let grantKeys: Awaited<ReturnType<typeof generateGrantKeys>>;
let app: Behalf;
let worker: Behalf;

const seal = async (options: Partial<GrantOptions> = {}, by = app) =>
  (await by.grant({ accessToken, task: "export-notes", expiresIn: "1h", ...options })).grant;

beforeAll(async () => {
  [stack, grantKeys] = await Promise.all([startNotes(), generateGrantKeys()]);
  const { url } = stack;
  const { publishableKey, jwtSecret } = stack.keys;
  accessToken = await signIn(stack, ada, "ada@example.com");
  // The app holds no key of the project: the access token is verified with the published ones.
  app = behalfOf({ url, publishableKey, grantKey: grantKeys.app });
  worker = behalfOf({ url, publishableKey, jwtSecret, grantKey: grantKeys.worker, requireGrant: true });
});
afterAll(() => stack?.end());

test("a user's session becomes a grant, and the grant becomes that user in the task", async () => {
  const payload = { format: "csv", since: new Date(0), drop: undefined };
  const sealed = await app.grant({
    accessToken,
    task: "export-notes",
    payload,
    expiresIn: "1h",
    initiator: "api:exports",
    scope: ["public.notes:select", "public.notes:insert"],
  });
  expect(sealed.claims).toEqual({
    iss: "behalf",
    sub: ada,
    aud: stack.url,
    tasks: ["export-notes"],
    initiator: "api:exports",
    role: "authenticated",
    scope: "public.notes:select public.notes:insert",
    payload_digest: expect.stringMatching(/^[\w-]{43}$/),
    iat: expect.any(Number),
    exp: sealed.claims.iat + 3600,
    jti: sealed.id,
  });
  expect(decodeJwt(sealed.grant)).toEqual(sealed.claims);
  expect(decodeProtectedHeader(sealed.grant)).toEqual({
    alg: "ES256",
    typ: "behalf-grant+jwt",
    kid: "grants-1",
  });

  const { grant } = sealed;
  const arrived = JSON.parse(JSON.stringify({ grant, since: payload.since, format: "csv" }));
  const supabase = await worker.asUser({ grant, payload: arrived }, { actor });
  const { data } = await supabase.from("notes").select("user_id");
  expect(data).toEqual([{ user_id: ada }, { user_id: ada }]);

  const narrower = await worker.mintToken(
    { grant, payload: arrived },
    { actor, scope: "public.notes:select", lifetime: "5m" },
  );
  expect(narrower.claims).toEqual({
    iss: `${stack.url}/auth/v1`,
    sub: ada,
    aud: "authenticated",
    role: "authenticated",
    aal: "aal1",
    is_anonymous: false,
    iat: expect.any(Number),
    exp: narrower.claims.iat + 330,
    act: actor,
    initiator: "api:exports",
    scope: "public.notes:select",
    grant_id: sealed.id,
  });
});

test("retries and replays of a run pass; the client is kept for its identity", async () => {
  const payload = { month: 7 };
  const grant = await seal({ payload });
  const given = { grant, payload: { ...payload, grant } };
  const first = await worker.asUser(given, { actor });
  expect(await worker.asUser(given, { actor })).toBe(first);
  for (const other of [
    { ...actor, attempt: 2 },
    { ...actor, run: "run_2" },
  ])
    await expect(worker.asUser(given, { actor: other })).resolves.not.toBe(first);
});

describe("refused:", () => {
  const refusals: [string, string, () => Promise<unknown>][] = [
    [
      "another task",
      "ERR_GRANT_TASK",
      async () => worker.asUser({ grant: await seal() }, { actor: { sub: "delete-notes" } }),
    ],
    ["no task", "ERR_GRANT_TASK", async () => worker.asUser({ grant: await seal() })],
    [
      "another payload",
      "ERR_GRANT_PAYLOAD",
      async () => worker.asUser({ grant: await seal({ payload: { id: 1 } }), payload: { id: 2 } }, { actor }),
    ],
    [
      "no payload",
      "ERR_GRANT_PAYLOAD",
      async () => worker.asUser({ grant: await seal({ payload: { id: 1 } }) }, { actor }),
    ],
    [
      "another environment",
      "ERR_GRANT_AUDIENCE",
      async () => {
        const { url } = stack;
        const { publishableKey } = stack.keys;
        const staging = { url, publishableKey, grantKey: grantKeys.app, grantAudience: "staging" };
        return worker.asUser({ grant: await seal({}, behalfOf(staging)) }, { actor });
      },
    ],
    [
      "a key of somebody else",
      "ERR_GRANT_SIGNATURE",
      async () => {
        const { app: grantKey } = await generateGrantKeys();
        const { publishableKey } = stack.keys;
        const other = behalfOf({ url: stack.url, publishableKey, grantKey });
        return worker.asUser({ grant: await seal({}, other) }, { actor });
      },
    ],
    [
      "a wider scope",
      "ERR_GRANT_SCOPE",
      async () => worker.asUser({ grant: await seal({ scope: "a b" }) }, { actor, scope: "a c" }),
    ],
    [
      "a role that the grant has not",
      "ERR_GRANT_OPTIONS",
      async () => worker.asUser({ grant: await seal() }, { actor, role: "report_reader" } as never),
    ],
    ["the access token itself", "ERR_GRANT_HEADER", () => worker.asUser({ grant: accessToken }, { actor })],
    ["a plain id", "ERR_GRANT_REQUIRED", () => worker.asUser(ada)],
    ["a token for a plain id", "ERR_GRANT_REQUIRED", () => worker.mintToken(ada)],
    ["making one with a public key", "ERR_GRANT_OPTIONS", () => seal({}, worker)],
    ["no task to name", "ERR_GRANT_OPTIONS", () => seal({ task: [] })],
    ["a payload that JSON can't hold", "ERR_GRANT_OPTIONS", () => seal({ payload: new Map([["a", 1]]) })],
    ["a lifetime of years", "ERR_GRANT_LIFETIME", () => seal({ expiresIn: "400d" })],
    ["service_role", "ERR_TOKEN_ROLE_REFUSED", () => seal({ role: "service_role" })],
    ["an access token that was edited", "ERR_TOKEN_SIGNATURE", () => seal({ accessToken: forge() })],
    [
      "the legacy service_role key as access token",
      "ERR_TOKEN_ALGORITHM",
      () => seal({ accessToken: stack.keys.serviceRoleKey }),
    ],
  ];
  test.each(refusals)("%s: %s", async (_, code, call) => {
    expect(await codeOf(call())).toBe(code);
  });
});

function forge(): string {
  const [header, claims = "", signature] = accessToken.split(".");
  const edited = { ...JSON.parse(Buffer.from(claims, "base64url").toString()), sub: grace };
  return [header, Buffer.from(JSON.stringify(edited)).toString("base64url"), signature].join(".");
}

test("a grant ends, and its tokens with it", async () => {
  const grant = await seal({ expiresIn: "2h" });
  const { claims } = await worker.mintToken({ grant }, { actor, lifetime: "24h" });
  expect(claims.exp).toBe(decodeJwt(grant).exp);

  // The server's clock tells the time, so it can be made to jump.
  let ahead = 0;
  const behalf = behalfOf({
    url: stack.url,
    publishableKey: stack.keys.publishableKey,
    jwtSecret: stack.keys.jwtSecret,
    grantKey: grantKeys.worker,
    fetch: async (input, init) => {
      const { body, status, headers } = await fetch(input, init);
      const date = new Date(Date.now() + ahead).toUTCString();
      return new Response(body, { status, headers: { ...Object.fromEntries(headers), date } });
    },
  });
  const supabase = await behalf.asUser({ grant }, { actor });
  ahead = 2 * 3600_000;
  expect((await supabase.from("notes").select()).data).toHaveLength(2);
  expect((await supabase.from("notes").select()).error?.code).toBe("ERR_GRANT_EXPIRED");
  expect(await codeOf(behalf.asUser({ grant }, { actor }))).toBe("ERR_GRANT_EXPIRED");
});

test("a grant is no Supabase token, whatever key sealed it", async () => {
  const { url, keys } = stack;
  const { publishableKey, jwtSecret } = keys;
  const derived = behalfOf({ url, publishableKey, jwtSecret });
  const secret = behalfOf({
    url,
    publishableKey,
    jwtSecret,
    grantKey: "a-secret-for-grants-alone-0123456789",
  });
  for (const by of [app, derived, secret]) {
    const grant = await seal({}, by);
    for (const path of ["/rest/v1/notes", "/auth/v1/user"]) {
      const headers = { apikey: publishableKey, authorization: `Bearer ${grant}` };
      expect((await fetch(url + path, { headers })).status).toBeGreaterThanOrEqual(401);
      expect((await fetch(url + path, { headers })).status).toBeLessThanOrEqual(403);
    }
    // Nor past the gateway, where PostgREST alone decides.
    const direct = await fetch(`${stack.restUrl}/notes`, { headers: { authorization: `Bearer ${grant}` } });
    expect(direct.status).toBe(401);
  }
  expect(await codeOf(derived.asUser({ grant: await seal({}, derived) }, { actor }))).toBe("none");
  expect(await codeOf(derived.asUser({ grant: await seal({}, secret) }, { actor }))).toBe(
    "ERR_GRANT_SIGNATURE",
  );
});

test("a grant key that signs tokens is refused", () => {
  const { publishableKey, jwtSecret, signingKeys } = stack.keys;
  const signingKey = signingKeys[0] ?? {};
  for (const options of [
    { jwtSecret, grantKey: jwtSecret },
    { jwtSecret, grantKey: { kty: "oct", k: Buffer.from(jwtSecret).toString("base64url") } },
    { signingKey: signingKey as never, grantKey: signingKey as never },
  ])
    expect(() => createBehalf({ environment: {}, url: stack.url, publishableKey, ...options })).toThrow(
      expect.objectContaining({ code: "ERR_KEY_SHARED" }),
    );
});

test("a task that acts as the user hands on no more than it has", async () => {
  const grant = await seal({ scope: "a b", initiator: "api:exports" });
  const { token } = await worker.mintToken({ grant }, { actor });
  const next = { accessToken: token, task: "mail-notes" };
  const hop = behalfOf({
    url: stack.url,
    jwtSecret: stack.keys.jwtSecret,
    publishableKey: stack.keys.publishableKey,
  });
  const chained = await seal(next, hop);
  const { claims } = await hop.mintToken({ grant: chained }, { actor: { sub: "mail-notes", run: "run_9" } });
  expect(claims).toMatchObject({
    sub: ada,
    scope: "a b",
    initiator: "api:exports",
    act: { sub: "mail-notes", run: "run_9", act: actor },
  });
  expect(await codeOf(seal({ ...next, scope: "a c" }, hop))).toBe("ERR_GRANT_SCOPE");
});

describe("userTask", () => {
  const catalog = new StandardResourceCatalog();
  resourceCatalog.setGlobalResourceCatalog(catalog);
  const run = async (id: string, payload: unknown) => {
    const ctx = { task: { id }, run: { id: "run_1" }, attempt: { number: 1 } };
    return (await catalog.getTask(id)?.fns.run(payload, { ctx } as never)) as string[];
  };
  const codeOfRun = (id: string, payload: unknown) =>
    codeOf(run(id, payload).catch((error) => Promise.reject(error.cause ?? error)));

  beforeAll(() => {
    const { userTask } = triggerTasks(worker);
    resourceCatalog.setCurrentFileContext("tasks.ts", "tasks.ts");
    userTask({
      id: "export-notes",
      run: async (_payload: { month: number; grant: string }, { supabase, userId }) => {
        const { data } = await supabase.from("notes").select("user_id");
        return [userId, ...(data ?? []).map(({ user_id }) => user_id)];
      },
    });
    userTask({
      id: "named",
      run: async (_payload: { proof?: string; userId: string }, { userId }) => [userId],
      grant: ({ proof }) => proof ?? "",
      user: ({ userId }) => userId,
    });
    userTask({ id: "plain", run: async (_payload: { userId: string }) => [], user: ({ userId }) => userId });
    resourceCatalog.clearCurrentFileContext();
  });

  test("finds payload.grant, and holds it to the task and the payload", async () => {
    const grant = await seal({ payload: { month: 7 } });
    expect(await run("export-notes", { month: 7, grant })).toEqual([ada, ada, ada]);
    expect(await codeOfRun("export-notes", { month: 8, grant })).toBe("ERR_GRANT_PAYLOAD");
    expect(await codeOfRun("export-notes", { month: 7 })).toBe("ERR_GRANT_REQUIRED");
    expect(await codeOfRun("plain", { userId: ada, grant })).toBe("ERR_GRANT_TASK");
  });

  test("finds it elsewhere, and holds the payload's user to it", async () => {
    const proof = await seal({ task: ["named", "export-notes"], payload: { userId: ada } });
    expect(await run("named", { proof, userId: ada })).toEqual([ada]);
    expect(await codeOfRun("named", { proof, userId: grace })).toBe("ERR_GRANT_USER");
    expect(await codeOfRun("named", { userId: ada })).toBe("ERR_GRANT_REQUIRED");
  });

  test("with requireGrant, a plain id is refused", async () => {
    expect(await codeOfRun("plain", { userId: ada })).toBe("ERR_GRANT_REQUIRED");
    expect(await codeOfRun("plain", { userId: ada, grant: "the 2026 research grant" })).toBe(
      "ERR_GRANT_REQUIRED",
    );
  });
});
