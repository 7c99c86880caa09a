import { randomBytes } from "node:crypto";
import { request } from "node:http";
import { getRequestListener } from "@hono/node-server";
import { generateKeyPair, importJWK, type JWTPayload, SignJWT, UnsecuredJWT } from "jose";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { ada, grace, notesProject, startTestStack, type TestStack } from "../test-support.js";

let stack: TestStack;
beforeAll(async () => {
  stack = await startTestStack({
    ...notesProject,
    "supabase/migrations/20260101000001_echo.sql": `
      create function public.whoami() returns jsonb language sql stable as $$
        select jsonb_build_object('role', current_user, 'uid', auth.uid(), 'auth_role', auth.role(), 'email', auth.email(),
          'jwt_role', auth.jwt() ->> 'role', 'apikey', current_setting('request.headers', true)::json ->> 'apikey')
      $$;
      create function public.measure(body text) returns int language sql as $$ select length(body) $$;
      create table public.closed (id int);
      create schema hidden;
      create table hidden.secrets (id int);`,
  });
});
afterAll(() => stack.end());

const secret = () => new TextEncoder().encode(stack.keys.jwtSecret);
const legacy = (claims: JWTPayload, key = secret()) =>
  new SignJWT(claims).setProtectedHeader({ alg: "HS256", typ: "JWT" }).setExpirationTime("1h").sign(key);
async function signed(claims: JWTPayload): Promise<string> {
  const { key_ops: _, ...jwk } = stack.keys.signingKeys[0] ?? {};
  const header = { alg: "ES256", typ: "JWT", kid: jwk.kid ?? "" };
  return new SignJWT(claims)
    .setProtectedHeader(header)
    .setExpirationTime("1h")
    .sign(await importJWK(jwk, "ES256"));
}
const asAda = { sub: ada, role: "authenticated", aud: "authenticated", email: "ada@example.com" };
const get = (path: string, headers: Record<string, string> = {}, init: RequestInit = {}) =>
  fetch(`${stack.url}${path}`, { ...init, headers });

describe("API keys", () => {
  test("every kind of key carries its role", async () => {
    const { publishableKey, secretKey, anonKey, serviceRoleKey } = stack.keys;
    for (const [key, role] of [
      [publishableKey, "anon"],
      [anonKey, "anon"],
      [secretKey, "service_role"],
      [serviceRoleKey, "service_role"],
    ] as const) {
      const { data } = await stack.client(key).rpc("whoami");
      expect(data).toEqual({ role, uid: null, auth_role: role, email: null, jwt_role: role, apikey: null });
      const alone = await get("/rest/v1/rpc/whoami", { apikey: key });
      expect(await alone.json()).toMatchObject({ role });
      const inQuery = await get(`/rest/v1/notes?apikey=${key}&select=id&order=id`);
      expect(await inQuery.json()).toHaveLength(role === "anon" ? 0 : 3);
    }
  });

  test("none, an unknown one, another project's, or a user's token: 401 in the gateway's words", async () => {
    const none = await get("/rest/v1/notes");
    expect(none.status).toBe(401);
    expect(await none.json()).toEqual({
      message: "No API key found in request",
      hint: "No `apikey` request header or url param was found.",
    });
    const foreign = await legacy({ role: "service_role" }, randomBytes(32));
    for (const key of ["nonsense", foreign, await legacy({ role: "service_role" }), await legacy(asAda)]) {
      const answer = await get("/rest/v1/notes", { apikey: key });
      expect([answer.status, await answer.json()]).toMatchObject([401, { message: "Invalid API key" }]);
    }
    const invented = await get("/rest/v1/notes", { apikey: "sb_secret_invented" });
    expect([invented.status, await invented.json()]).toMatchObject([
      401,
      { message: "Unregistered API key" },
    ]);
    const bearerOnly = await get("/rest/v1/notes", { authorization: `Bearer ${stack.keys.serviceRoleKey}` });
    expect(bearerOnly.status).toBe(401);
  });

  test("a secret key in a browser is refused", async () => {
    const answer = await get("/rest/v1/notes", {
      apikey: stack.keys.secretKey,
      "user-agent": "Mozilla/5.0 (X11)",
    });
    expect([answer.status, await answer.json()]).toMatchObject([
      401,
      { message: "Forbidden use of secret API key in browser" },
    ]);
  });
});

describe("users", () => {
  test.each([
    ["HS256", legacy],
    ["ES256", signed],
  ])("%s: sees and writes own rows only", async (_, sign) => {
    const client = stack.client(undefined, { token: await sign(asAda) });
    expect((await client.rpc("whoami")).data).toMatchObject({
      role: "authenticated",
      uid: ada,
      email: "ada@example.com",
    });
    expect((await client.from("notes").select("body").order("id")).data).toEqual([
      { body: "a1" },
      { body: "a2" },
    ]);
    expect((await client.from("notes").insert({ user_id: grace, body: "not hers" })).error).toMatchObject({
      code: "42501",
    });
    const own = await client.from("notes").insert({ body: "a3" }).select().single();
    expect(own.data).toMatchObject({ user_id: ada });
    await client.from("notes").delete().eq("body", "a3");
    expect((await client.from("notes").delete().eq("user_id", grace).select()).data).toEqual([]);
  });

  test("forged tokens are refused, and never taken for anon", async () => {
    const now = Math.floor(Date.now() / 1000);
    const stranger = (await generateKeyPair("ES256")).privateKey;
    const kid = stack.keys.signingKeys[0]?.kid ?? "";
    const forged = {
      "alg none": new UnsecuredJWT(asAda).setExpirationTime("1h").encode(),
      "another secret": await legacy(asAda, randomBytes(32)),
      "the real kid, another key": await new SignJWT(asAda)
        .setProtectedHeader({ alg: "ES256", kid })
        .setExpirationTime("1h")
        .sign(stranger),
      expired: await new SignJWT(asAda)
        .setProtectedHeader({ alg: "HS256" })
        .setExpirationTime(now - 3600)
        .sign(secret()),
      "the public key as a secret": await legacy(
        asAda,
        new TextEncoder().encode(await (await get("/auth/v1/.well-known/jwks.json")).text()),
      ),
      garbage: "not.a.token",
      tampered: `${(await legacy(asAda)).slice(0, -3)}abc`,
    };
    for (const [name, token] of Object.entries(forged)) {
      const answer = await get("/rest/v1/notes", {
        apikey: stack.keys.publishableKey,
        authorization: `Bearer ${token}`,
      });
      expect([name, answer.status]).toEqual([name, 401]);
    }
  });

  test("a well-signed token of a role that the API doesn't have is refused", async () => {
    for (const role of ["postgres", "supabase_admin", "supabase_auth_admin", "nobody-such"]) {
      const { error, status } = await stack
        .client(undefined, { token: await legacy({ ...asAda, role }) })
        .from("notes")
        .select();
      expect([role, status, error?.code]).toEqual([
        role,
        expect.toBeOneOf([400, 401, 403]),
        expect.toBeOneOf(["42501", "22023"]),
      ]);
    }
  });

  test("a token without a role runs as anon", async () => {
    const { data } = await stack.client(undefined, { token: await legacy({ sub: ada }) }).rpc("whoami");
    expect(data).toMatchObject({ role: "anon", uid: ada });
  });

  test("a new table is closed until granted, and a schema that is not exposed stays hidden", async () => {
    const { error } = await stack.client(stack.keys.secretKey).from("closed").select();
    expect(error).toMatchObject({ code: "42501", message: "permission denied for table closed" });
    const other = await stack.client(stack.keys.secretKey).schema("hidden").from("secrets").select();
    expect(other.error).toMatchObject({ code: "PGRST106" });
  });
});

describe("the proxy", () => {
  const headers = () => ({ apikey: stack.keys.secretKey });

  test("counts, ranges, HEAD, upsert and single objects come through", async () => {
    const service = stack.client(stack.keys.secretKey);
    const page = await service.from("notes").select("body", { count: "exact" }).order("id").range(0, 1);
    expect(page).toMatchObject({ status: 206, count: 3, data: [{ body: "a1" }, { body: "a2" }] });
    expect(await service.from("notes").select("*", { count: "exact", head: true })).toMatchObject({
      count: 3,
      data: null,
    });
    const upserted = await service
      .from("notes")
      .upsert({ id: 1, user_id: ada, body: "a1" })
      .select()
      .single();
    expect(upserted.data).toMatchObject({ id: 1 });
    const none = await get("/rest/v1/notes?id=eq.0", {
      ...headers(),
      accept: "application/vnd.pgrst.object+json",
    });
    expect(none.status).toBe(406);
    const root = await get("/rest/v1/", headers());
    expect(await root.json()).toMatchObject({ swagger: "2.0" });
  });

  test("a body of many megabytes streams up, and its answer down", async () => {
    const body = "x".repeat(8 * 1024 * 1024);
    expect((await stack.client(stack.keys.secretKey).rpc("measure", { body })).data).toBe(body.length);
  });

  test("hop-by-hop headers stay on their hop", async () => {
    const status = await new Promise<number | undefined>((resolve, reject) => {
      const asked = request(
        `${stack.url}/rest/v1/notes`,
        { headers: { ...headers(), connection: "close, x-private", "x-private": "1", te: "trailers" } },
        (answer) => {
          answer.resume();
          expect(answer.headers.connection).toBe("close");
          resolve(answer.statusCode);
        },
      );
      asked.once("error", reject).end();
    });
    expect(status).toBe(200);
  });

  test("pages of any origin may call", async () => {
    const preflight = await get(
      "/rest/v1/notes",
      {
        origin: "https://app.example",
        "access-control-request-method": "POST",
        "access-control-request-headers": "apikey,authorization,x-client-info",
      },
      { method: "OPTIONS" },
    );
    expect(preflight.status).toBe(200);
    expect(preflight.headers.get("access-control-allow-headers")).toBe("apikey,authorization,x-client-info");
    const answer = await get("/rest/v1/notes", { ...headers(), origin: "https://app.example" });
    expect(answer.headers.get("access-control-allow-origin")).toBe("*");
    expect(
      (await get("/rest/v1/notes", { origin: "https://app.example" })).headers.get(
        "access-control-allow-origin",
      ),
    ).toBe("*");
  });

  test("what isn't there says so", async () => {
    expect(await (await get("/elsewhere")).json()).toMatchObject({
      message: "Nothing answers /elsewhere here.",
    });
    const realtime = await get("/realtime/v1/websocket", headers());
    expect([realtime.status, await realtime.json()]).toMatchObject([
      501,
      { message: expect.stringContaining("Realtime") },
    ]);
  });
});

test("another server of this process that replaces the global Response changes nothing", async () => {
  const globals = { Request, Response };
  const complaint = vi.spyOn(console, "error").mockImplementation(() => {});
  const aborted = vi.spyOn(console, "info").mockImplementation(() => {});
  getRequestListener(() => new Response());
  try {
    const headers = { apikey: stack.keys.secretKey };
    const statuses = await Promise.all(
      Array.from({ length: 40 }, async (_, index) => {
        const hangUp = new AbortController();
        const answer = get("/rest/v1/notes", headers, { signal: hangUp.signal });
        if (index % 4 === 0) hangUp.abort();
        return answer.then(
          ({ status }) => status,
          () => "hung up",
        );
      }),
    );
    expect(new Set(statuses)).toEqual(new Set([200, "hung up"]));
    expect([complaint.mock.calls, aborted.mock.calls]).toEqual([[], []]);
  } finally {
    Object.assign(globalThis, globals);
    vi.restoreAllMocks();
  }
});

test("a new table is visible as soon as its migration is applied", async () => {
  stack.folder.write({
    "supabase/migrations/20260102000000_late.sql":
      "create table public.late (id int); grant select on public.late to service_role;",
  });
  expect((await stack.applyMigrations()).applied).toEqual(["20260102000000_late.sql"]);
  const service = stack.client(stack.keys.secretKey);
  await expect.poll(async () => (await service.from("late").select()).data).toEqual([]);
});
