import { inspect } from "node:util";
import { flattenAttributes, stringifyIO } from "@trigger.dev/core/v3";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import {
  ada,
  anonKey,
  bearer,
  environment,
  grace,
  jwtSecret,
  readToken,
  recordRequests,
  serviceRoleKey,
} from "../../test/fixtures.js";
import { createBehalf } from "../behalf.js";

let server: Awaited<ReturnType<typeof recordRequests>>;
beforeEach(async () => {
  server = await recordRequests();
});
afterEach(() => server.close());

const behalfHere = (variables: Record<string, string> = {}) =>
  createBehalf({ environment: environment(server.url, variables) });
const answer = (status: number, body: unknown, headers: Record<string, string> = {}) =>
  server.answerWith((_request, response) => {
    response.writeHead(status, headers).end(JSON.stringify(body));
  });
const user = { id: ada, app_metadata: {}, user_metadata: {} };

describe("a user's client", () => {
  it("carries the user's token to every service, and the anon key as apikey", async () => {
    const supabase = await behalfHere().asUser(ada);
    await supabase.from("notes").select();
    await supabase.from("notes").insert({ body: "a" });
    await supabase.rpc("f");
    await supabase.storage.from("files").list();
    await supabase.functions.invoke("f");
    expect(server.calls().map(({ path }) => path.split("/")[1])).toEqual([
      "rest",
      "rest",
      "rest",
      "storage",
      "functions",
    ]);
    for (const request of server.calls()) {
      expect(request.headers.apikey).toBe(anonKey);
      expect(readToken(bearer(request)).claims).toMatchObject({ sub: ada, role: "authenticated" });
    }
    await supabase.realtime.setAuth();
    expect(readToken(supabase.realtime.accessTokenValue ?? "").claims).toMatchObject({ sub: ada });
  });

  it("can't be made another's by a header", async () => {
    const supabase = await behalfHere().asUser(ada);
    await supabase.from("notes").select().setHeader("Authorization", `Bearer ${serviceRoleKey}`);
    expect(readToken(bearer(server.calls()[0])).claims).toMatchObject({ sub: ada, role: "authenticated" });
  });

  it("is one per identity", async () => {
    const behalf = behalfHere();
    const actor = { sub: "t", run: "run_1", attempt: 1 };
    const first = await behalf.asUser(ada, { actor });
    expect(await behalf.asUser(ada, { actor: { ...actor } })).toBe(first);
    const others = await Promise.all([
      behalf.asUser(ada),
      behalf.asUser(grace, { actor }),
      behalf.asUser(ada, { actor: { ...actor, run: "run_2" } }),
      behalf.asUser(ada, { actor: { ...actor, attempt: 2 } }),
      behalf.asUser(ada, { actor, role: "reporter" }),
      behalf.asUser(ada, { actor, scope: "a" }),
      behalf.asUser(ada, { actor, initiator: "a" }),
      behalf.asUser(ada, { actor, lifetime: "2h" }),
      behalf.asUser(ada, { actor, claims: { a: 1 } }),
    ]);
    expect(new Set([first, ...others]).size).toBe(10);
  });

  it("is made once for all who ask at the same time, and again after a failure", async () => {
    let asked = 0;
    server.answerWith((_request, response) => {
      response.writeHead(asked++ === 0 ? 500 : 200).end(JSON.stringify(user));
    });
    const behalf = behalfHere({ BEHALF_USERS: "lookup" });
    const failed = await Promise.allSettled([behalf.asUser(ada), behalf.asUser(ada)]);
    expect(failed.map(({ status }) => status)).toEqual(["rejected", "rejected"]);
    const [one, two] = await Promise.all([behalf.asUser(ada), behalf.asUser(ada)]);
    expect(one).toBe(two);
    expect(asked).toBe(2);
  });

  it("is forgotten when others were used more recently", async () => {
    const behalf = createBehalf({ environment: environment(server.url), cacheSize: 2 });
    const first = await behalf.asUser(ada);
    const second = await behalf.asUser(grace);
    expect(await behalf.asUser(ada)).toBe(first);
    await behalf.asUser("third");
    expect(await behalf.asUser(ada)).toBe(first);
    expect(await behalf.asUser(grace)).not.toBe(second);
    expect((await second.from("notes").select()).error).toBeNull();
  });

  it("can be made where there is no WebSocket", async () => {
    vi.stubGlobal("WebSocket", undefined);
    try {
      const supabase = await behalfHere().asUser(ada);
      expect((await supabase.from("notes").select()).error).toBeNull();
      expect(() => supabase.channel("room").subscribe()).toThrow(/no WebSocket.*Node 22/);
    } finally {
      vi.unstubAllGlobals();
    }
  });
});

describe("when the token can't be renewed", () => {
  it("each call fails with the reason and nothing is sent", async () => {
    answer(200, user);
    const supabase = await behalfHere({ BEHALF_USERS: "lookup" }).asUser(ada, { lifetime: 1 });
    answer(200, { ...user, banned_until: "2126-01-01T00:00:00Z" });
    // The first token is used up to its end.
    await expect
      .poll(async () => (await supabase.from("notes").select()).error?.code)
      .toBe("ERR_USER_BANNED");
    const sent = server.requests.length;

    const reason = { code: "ERR_USER_BANNED", message: expect.stringContaining("banned") };
    const select = await supabase.from("notes").select();
    expect(select).toMatchObject({ data: null, error: reason });
    expect((await supabase.from("notes").insert({ body: "a" })).error).toMatchObject(reason);
    await expect(supabase.from("notes").select().throwOnError()).rejects.toMatchObject(reason);
    const stored = await supabase.storage.from("files").list();
    expect(stored.error).toMatchObject({ message: reason.message, statusCode: "ERR_USER_BANNED" });
    const invoked = await supabase.functions.invoke("f");
    expect(invoked.error?.context).toMatchObject(reason);
    expect(server.requests.slice(sent).every(({ path }) => path.startsWith("/auth/v1/"))).toBe(true);
  });
});

describe("when the server's clock differs", () => {
  for (const minutes of [5, -5]) {
    const date = () => new Date(Date.now() + minutes * 60_000);
    const seconds = (time: Date) => Math.floor(time.getTime() / 1000);
    /** As PostgREST answers, with its 30 s of allowance. */
    const judge = () =>
      server.answerWith((request, response) => {
        const time = date();
        response.setHeader("date", time.toUTCString());
        if (!request.headers.authorization) return response.writeHead(401).end("{}");
        const { exp, iat } = readToken(bearer(request)).claims as { exp: number; iat: number };
        const error =
          exp + 30 < seconds(time) ? "JWT expired" : iat - 30 > seconds(time) ? "JWT issued at future" : null;
        response
          .writeHead(error ? 401 : 200)
          .end(error ? JSON.stringify({ code: "PGRST303", message: error }) : "[]");
      });

    it(`by ${minutes} minutes, reads and writes are each accepted, writes at the first attempt`, async () => {
      judge();
      const reader = await behalfHere().asUser(ada, { lifetime: "1m" });
      expect((await reader.from("notes").select()).error).toBeNull();
      expect(server.calls().length).toBe(2);
      expect((await reader.from("notes").insert({ a: 1 })).error).toBeNull();
      const writer = await behalfHere().asUser(ada, { lifetime: "1m" });
      expect((await writer.from("notes").insert({ a: 1 })).error).toBeNull();
      expect(server.calls().filter(({ method }) => method === "POST")).toHaveLength(2);
    });
  }
});

describe("when the server refuses the token", () => {
  it.each(["insert", "update", "delete", "rpc"] as const)("a write (%s) is not sent again", async (kind) => {
    const supabase = await behalfHere().asUser(ada);
    answer(401, { code: "PGRST303", message: "JWT expired" });
    const notes = supabase.from("notes");
    const { error } = await {
      insert: () => notes.insert({ a: 1 }),
      update: () => notes.update({ a: 1 }).eq("id", 1),
      delete: () => notes.delete().eq("id", 1),
      rpc: () => supabase.rpc("f"),
    }[kind]();
    expect(error).toMatchObject({ code: "PGRST303" });
    expect(server.calls()).toHaveLength(1);
  });

  it("a read is sent once more with a new token, for reasons of time alone", async () => {
    const supabase = await behalfHere().asUser(ada);
    answer(401, { code: "PGRST301", message: "JWT expired" });
    expect((await supabase.from("notes").select()).error).toMatchObject({ code: "PGRST301" });
    expect(server.calls()).toHaveLength(2);
    answer(401, { code: "PGRST301", message: "No suitable key was found to decode the JWT" });
    await supabase.from("notes").select();
    expect(server.calls()).toHaveLength(3);
    answer(401, {}, { "www-authenticate": 'Bearer error="invalid_token", error_description="JWT expired"' });
    await supabase.from("notes").select("*", { head: true });
    expect(server.calls()).toHaveLength(5);
  });
});

describe("the service role's client", () => {
  it("says why, which run and who asked, with each request", async () => {
    const supabase = behalfHere().asService({
      reason: "nightly – round-up",
      initiator: "cron",
      actor: {
        sub: "sum",
        run: "run_2",
        attempt: 2,
        act: { sub: "plan", run: "run_1", act: { sub: "tick" } },
      },
    });
    await supabase.from("notes").select();
    await supabase.auth.admin.getUserById(ada);
    for (const { headers } of server.calls()) {
      expect(headers).toMatchObject({
        apikey: serviceRoleKey,
        authorization: `Bearer ${serviceRoleKey}`,
        "x-behalf-reason": "nightly%20%E2%80%93%20round-up",
        "x-behalf-task": "sum",
        "x-behalf-run": "run_2",
        "x-behalf-attempt": "2",
        "x-behalf-initiator": "cron",
        "x-behalf-cause": encodeURIComponent('["plan","tick"]'),
      });
    }
  });

  it.each([
    [undefined],
    [{}],
    [{ reason: "" }],
    [{ reason: " \n" }],
    [{ reason: 1 }],
    [{ reason: "x".repeat(501) }],
    [{ reason: "\ud800" }],
  ])("is not given out for %j", (options) => {
    const behalf = behalfHere();
    expect(() => behalf.asService(options as { reason: string })).toThrow(
      expect.objectContaining({ code: "ERR_SERVICE_REASON" }),
    );
  });

  it.each(["", "a\nb", "\ud800"])("is not given out for the initiator %j", (initiator) => {
    const behalf = behalfHere();
    expect(() => behalf.asService({ reason: "x", initiator })).toThrow(
      expect.objectContaining({ code: "ERR_TOKEN_CLAIM_MALFORMED" }),
    );
  });

  it("is not given out without a secret key", async () => {
    const behalf = createBehalf({
      environment: { ...environment(server.url), SUPABASE_SERVICE_ROLE_KEY: undefined },
    });
    expect(() => behalf.asService({ reason: "x" })).toThrow(
      /SUPABASE_SECRET_KEY is not defined in environment variables/,
    );
    await behalf.asUser(ada);
  });

  it("stays the service role's when somebody signs in on it", async () => {
    const behalf = behalfHere();
    const { token } = await behalf.mintToken(ada);
    const supabase = behalf.asService({ reason: "test" });
    answer(200, { access_token: token, refresh_token: "r", token_type: "bearer", expires_in: 3600, user });
    expect((await supabase.auth.signInWithPassword({ email: "a@b.c", password: "x" })).error).toBeNull();
    answer(200, []);
    await supabase.from("notes").select();
    expect(bearer(server.calls().at(-1))).toBe(serviceRoleKey);
    await supabase.auth.signOut({ scope: "local" });
  });
});

describe("nothing leaks", () => {
  it("from a client, whatever looks at it", async () => {
    const behalf = behalfHere();
    const supabase = await behalf.asUser(ada);
    await supabase.from("notes").select();
    await supabase.realtime.setAuth();
    const admin = behalf.asService({ reason: "test" });
    const secrets = [anonKey, serviceRoleKey, jwtSecret, bearer(server.calls()[0])];
    expect(secrets.at(-1)).not.toBe("");

    for (const value of [
      supabase,
      admin,
      behalf,
      supabase.realtime,
      admin.realtime,
      admin.auth,
      admin.auth.admin,
      supabase.from("notes").select(),
      supabase.storage,
      supabase.functions,
      supabase.channel("room"),
      admin.channel("room"),
      admin.realtime.channel("another room"),
    ]) {
      const { data: packet } = await stringifyIO({ value });
      const views = [
        inspect(value, { depth: 12, showHidden: false, getters: true }),
        inspect({ value: [value] }, { depth: 12 }),
        JSON.stringify({ value }),
        String(packet),
        JSON.stringify(flattenAttributes({ value })),
        JSON.stringify({ ...value }),
        JSON.stringify(Object.entries(value)),
      ];
      for (const secret of secrets) for (const view of views) expect(view).not.toContain(secret);
    }
  });

  it("from an error", async () => {
    const error = await behalfHere()
      .asUser("", {})
      .catch((thrown: unknown) => thrown);
    expect(JSON.stringify(error)).toBe(
      JSON.stringify({ name: "UserError", code: "ERR_USER_ID_INVALID", message: (error as Error).message }),
    );
  });
});
