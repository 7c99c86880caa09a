import { spawn } from "node:child_process";
import { createHmac, generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type Stack, startStack } from "@behalf/cli";
import { createBehalf } from "behalf";
import jwt from "jsonwebtoken";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createProject, type TestProject } from "./support/projects.ts";
import { workspace } from "./support/workspace.ts";

const ada = "11111111-1111-4111-8111-111111111111";
const grace = "22222222-2222-4222-8222-222222222222";
const missing = "33333333-3333-4333-8333-333333333333";

type JWK = Stack["keys"]["signingKeys"][number];

function makeKey(kid: string): { jwk: JWK; privateKey: KeyObject } {
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const jwk = privateKey.export({ format: "jwk" }) as JWK;
  return { privateKey, jwk: { ...jwk, kid, alg: "ES256", use: "sig", key_ops: ["sign", "verify"] } };
}
const [newer, older, foreign] = [makeKey("newer"), makeKey("older"), makeKey("foreign")];

// A least-privilege role. It has no use of schema auth, and on hosted Supabase postgres can't give it one: the claims are read as they are.
const roles = `
  create role reporter nologin;
  grant reporter to authenticator;
  grant usage on schema public to reporter;
  grant select on public.notes to reporter;
  create function public.claims() returns jsonb language sql stable as
    $$ select current_setting('request.jwt.claims', true)::jsonb $$;
  create policy "reporters read their user's" on public.notes for select to reporter
    using (user_id = (select (public.claims() ->> 'sub')::uuid));
  create function public.whoami() returns jsonb language sql stable as
    $$ select public.claims() || jsonb_build_object('db_role', current_user) $$;
  grant execute on function public.claims(), public.whoami() to authenticated, reporter;
`;

let project: TestProject;
let stack: Stack;
let environment: Record<string, string>;

beforeAll(async () => {
  const example = join(workspace, "examples/database-operations/supabase");
  const read = (path: string) => readFileSync(join(example, path), "utf8");
  project = await createProject({
    "supabase/config.toml": '[auth]\nsigning_keys_path = "./signing_keys.json"\n',
    "supabase/signing_keys.json": JSON.stringify([newer.jwk, older.jwk]),
    ...Object.fromEntries(
      readdirSync(join(example, "migrations")).map((name) => [
        `supabase/migrations/${name}`,
        read(`migrations/${name}`),
      ]),
    ),
    "supabase/migrations/20261102000000_roles.sql": roles,
    "supabase/seed.sql": read("seed.sql"),
  });
  stack = await startStack({ directory: join(project.folder, ".behalf"), project: project.folder });
  environment = {
    SUPABASE_URL: stack.url,
    SUPABASE_ANON_KEY: stack.keys.anonKey,
    SUPABASE_SERVICE_ROLE_KEY: stack.keys.serviceRoleKey,
    SUPABASE_PUBLISHABLE_KEY: stack.keys.publishableKey,
    SUPABASE_SECRET_KEY: stack.keys.secretKey,
    SUPABASE_JWT_SECRET: stack.keys.jwtSecret,
  };
});
afterAll(async () => {
  await stack?.stop();
  await project?.remove();
});

describe("a user's client", () => {
  const signers = {
    "the JWT secret": {},
    "the newest signing key": { signingKeys: [newer.jwk, older.jwk] },
    "an older signing key that the project still lists": { signingKey: older.jwk },
  };

  test.each(Object.entries(signers))(
    "signed with %s sees and writes the user's rows alone",
    async (_name, options) => {
      const supabase = await createBehalf({ environment, ...options }).asUser(grace);
      const mine = await supabase.from("notes").select("user_id");
      expect(mine.error).toBeNull();
      expect(new Set(mine.data?.map((note) => note.user_id))).toEqual(new Set([grace]));
      expect((await supabase.from("notes").insert({ body: "mine" })).status).toBe(201);
      const forged = await supabase.from("notes").insert({ body: "not mine", user_id: ada });
      expect(forged.error).toMatchObject({ code: "42501" });
      expect(
        (await supabase.from("notes").update({ body: "taken" }).eq("user_id", ada).select()).data,
      ).toEqual([]);
      expect((await supabase.from("notes").delete().eq("user_id", ada).select()).data).toEqual([]);
    },
  );

  test("works with each pair of API keys", async () => {
    const { SUPABASE_PUBLISHABLE_KEY: _p, SUPABASE_SECRET_KEY: _s, ...legacy } = environment;
    const supabase = await createBehalf({ environment: legacy }).asUser(ada);
    expect((await supabase.from("notes").select()).data).not.toEqual([]);
    const all = await createBehalf({ environment: legacy })
      .asService({ reason: "test" })
      .from("notes")
      .select("user_id");
    expect(new Set(all.data?.map((note) => note.user_id))).toEqual(new Set([ada, grace]));
  });

  test("sees what the token of the public guide does not", async () => {
    const select = (token: string) =>
      fetch(`${stack.url}/rest/v1/notes?select=id`, {
        headers: { apikey: stack.keys.anonKey, authorization: `Bearer ${token}` },
      }).then((response) => response.json());
    expect(await select(jwt.sign({ sub: ada }, stack.keys.jwtSecret, { expiresIn: "1h" }))).toEqual([]);
    const { token } = await createBehalf({ environment }).mintToken(ada);
    expect(await select(token)).not.toEqual([]);
  });

  test("tells the database who acts, for whom, and with what role", async () => {
    const actor = { sub: "report", run: "run_1", attempt: 2, act: { sub: "plan", run: "run_0", attempt: 1 } };
    const claims = { app_metadata: { plan: "pro" } };
    const supabase = await createBehalf({ environment }).asUser(ada, {
      role: "reporter",
      actor,
      claims,
      initiator: "cron",
      scope: "public.notes:select",
    });
    const { data, error } = await supabase.rpc("whoami");
    expect(error).toBeNull();
    expect(data).toMatchObject({
      db_role: "reporter",
      sub: ada,
      act: actor,
      initiator: "cron",
      scope: "public.notes:select",
      ...claims,
    });
    const seen = await supabase.from("notes").select("user_id");
    expect(new Set(seen.data?.map((note) => note.user_id))).toEqual(new Set([ada]));
    expect((await supabase.from("notes").insert({ body: "x" })).error).toMatchObject({ code: "42501" });
  });

  test("keeps a thousand overlapping runs of two users apart", async () => {
    const behalf = createBehalf({ environment });
    const waiting = Array.from({ length: 1000 }, (_, at) => ({ at, userId: at % 2 ? ada : grace }));
    const crossed: unknown[] = [];
    const work = async () => {
      for (let run = waiting.pop(); run; run = waiting.pop()) {
        const actor = { sub: "overlap", run: `run_${run.at}`, attempt: 1 };
        const supabase = await behalf.asUser(run.userId, { actor });
        const { data, error } = await supabase.from("notes").select("user_id");
        if (error || data.length === 0 || data.some((note) => note.user_id !== run.userId))
          crossed.push({ run, data, error });
      }
    };
    await Promise.all(Array.from({ length: 50 }, work));
    expect(crossed).toEqual([]);
  });

  test("renews a token that lives far shorter than its work", async () => {
    const supabase = await createBehalf({ environment }).asUser(ada, { lifetime: "2s" });
    const ends = new Set<string>();
    await expect
      .poll(async () => {
        const { data, error } = await supabase.rpc("token_expires_at");
        expect(error).toBeNull();
        expect(Date.parse(data)).toBeGreaterThan(Date.now() - 1000);
        return ends.add(data).size;
      })
      .toBeGreaterThan(3);
  });

  test.each([5, -5])("writes and reads from a machine whose clock is %i minutes off", async (minutes) => {
    const child = spawn(
      process.execPath,
      [join(workspace, "tests/fixtures/clock-off.mjs"), ada, String(minutes)],
      {
        env: environment,
        stdio: ["ignore", "pipe", "ignore"],
      },
    );
    let output = "";
    for await (const chunk of child.stdout.setEncoding("utf8")) output += chunk;
    expect(JSON.parse(output)).toEqual({ written: 201, read: 1 });
  });
});

describe('with users: "lookup"', () => {
  const admin = () => createBehalf({ environment }).asService({ reason: "to set up a test" }).auth.admin;
  async function createUser(email: string): Promise<string> {
    const { data, error } = await admin().createUser({
      email,
      app_metadata: { plan: "pro" },
      user_metadata: { name: "Lin" },
    });
    expect(error).toBeNull();
    return data.user?.id ?? "";
  }

  test("the token says what a session's would", async () => {
    const id = await createUser("lin@example.com");
    const supabase = await createBehalf({ environment, users: "lookup" }).asUser(id);
    const { data } = await supabase.rpc("whoami");
    expect(data).toMatchObject({
      sub: id,
      email: "lin@example.com",
      app_metadata: { plan: "pro" },
      user_metadata: { name: "Lin" },
      is_anonymous: false,
      db_role: "authenticated",
    });
  });

  test("nobody acts for users who never were", async () => {
    const behalf = createBehalf({ environment, users: "lookup" });
    await expect(behalf.asUser(missing)).rejects.toMatchObject({ code: "ERR_USER_NOT_FOUND" });
    await expect(behalf.asUser("not-a-uuid")).rejects.toMatchObject({ code: "ERR_USER_NOT_FOUND" });
  });

  test("a ban and a deletion end the work at the next renewal, and lifting the ban resumes it", async () => {
    const id = await createUser("mae@example.com");
    const supabase = await createBehalf({ environment, users: "lookup" }).asUser(id, { lifetime: "1s" });
    const code = async () =>
      (await supabase.from("notes").insert({ body: "still here" })).error?.code ?? "written";
    expect(await code()).toBe("written");
    await admin().updateUserById(id, { ban_duration: "1h" });
    await expect.poll(code).toBe("ERR_USER_BANNED");
    await expect(createBehalf({ environment, users: "lookup" }).asUser(id)).rejects.toMatchObject({
      code: "ERR_USER_BANNED",
    });
    await admin().updateUserById(id, { ban_duration: "none" });
    await expect.poll(code).toBe("written");
    await admin().deleteUser(id);
    await expect.poll(code).toBe("ERR_USER_NOT_FOUND");
  });
});

describe("what the project refuses", () => {
  const encode = (value: unknown) =>
    Buffer.from(typeof value === "string" ? value : JSON.stringify(value)).toString("base64url");
  const hs256 = (secret: string) => (input: string) => createHmac("sha256", secret).update(input).digest();
  const es256 = (key: KeyObject) => (input: string) =>
    sign("sha256", Buffer.from(input), { key, dsaEncoding: "ieee-p1363" });
  const forge = (header: unknown, claims: unknown, signer: (input: string) => Buffer) => {
    const input = `${encode(header)}.${encode(claims)}`;
    return `${input}.${signer(input).toString("base64url")}`;
  };
  const now = () => Math.floor(Date.now() / 1000);
  const good = () => ({
    iss: `${stack.url}/auth/v1`,
    sub: ada,
    aud: "authenticated",
    role: "authenticated",
    iat: now() - 30,
    exp: now() + 600,
  });
  const hs = { alg: "HS256", typ: "JWT" };
  const secret = () => hs256(stack.keys.jwtSecret);

  const attacks: Record<string, () => string | Promise<string>> = {
    "alg none": () => forge({ alg: "none" }, good(), () => Buffer.alloc(0)),
    "alg NoNe": () => forge({ alg: "NoNe", typ: "JWT" }, good(), () => Buffer.alloc(0)),
    "alg none with a signature": () => forge({ alg: "none" }, good(), secret()),
    "another secret": () => forge(hs, good(), hs256("another-secret-of-more-than-32-characters")),
    "the public key as HS256 secret": () =>
      forge({ ...hs, kid: "newer" }, good(), hs256(JSON.stringify(newer.jwk.x))),
    "a real kid, another key": () => forge({ alg: "ES256", kid: "newer" }, good(), es256(foreign.privateKey)),
    "an unknown kid": () => forge({ alg: "ES256", kid: "foreign" }, good(), es256(foreign.privateKey)),
    "a key of its own in jwk": () => {
      const { kty, crv, x, y } = foreign.jwk;
      return forge({ alg: "ES256", jwk: { kty, crv, x, y } }, good(), es256(foreign.privateKey));
    },
    "a key set of its own in jku": () =>
      forge(
        { alg: "ES256", jku: "http://127.0.0.1:9/jwks.json", kid: "foreign" },
        good(),
        es256(foreign.privateKey),
      ),
    "a certificate of its own in x5u": () =>
      forge(
        { alg: "ES256", x5u: "http://127.0.0.1:9/key.pem", kid: "foreign" },
        good(),
        es256(foreign.privateKey),
      ),
    "a key of another curve": () => {
      const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-384" });
      return forge({ alg: "ES256", kid: "newer" }, good(), es256(privateKey));
    },
    "a payload of 8 KB and no signature that fits": () =>
      forge(hs, { ...good(), note: "x".repeat(8_000) }, hs256("another-secret-of-more-than-32-characters")),
    "an end in the past": () => forge(hs, { ...good(), exp: now() - 60 }, secret()),
    "a beginning in the future": () => forge(hs, { ...good(), nbf: now() + 600 }, secret()),
    "issued in the future": () => forge(hs, { ...good(), iat: now() + 600 }, secret()),
    "an end that is a text": () => forge(hs, { ...good(), exp: "never" }, secret()),
    "claims that are a list": () => forge(hs, [], secret()),
    "an edited claim": async () => {
      const { token } = await createBehalf({ environment }).mintToken(grace);
      const [header, claims = "", signature] = token.split(".");
      const edited = { ...JSON.parse(Buffer.from(claims, "base64url").toString()), sub: ada };
      return `${header}.${encode(edited)}.${signature}`;
    },
    "a token cut short": async () => (await createBehalf({ environment }).mintToken(ada)).token.slice(0, -2),
  };

  test.each(Object.entries(attacks))("%s", async (_name, attack) => {
    const token = await attack();
    const response = await fetch(`${stack.url}/rest/v1/notes?select=id`, {
      headers: { apikey: stack.keys.publishableKey, authorization: `Bearer ${token}` },
    });
    expect([response.status, await response.text()]).toEqual([401, expect.not.stringContaining('"id"')]);
  });

  test("a token with any character changed, or cut anywhere", async () => {
    const { token } = await createBehalf({ environment }).mintToken(ada);
    const ask = async (changed: string) =>
      (
        await fetch(`${stack.url}/rest/v1/notes?select=id`, {
          headers: { apikey: stack.keys.publishableKey, authorization: `Bearer ${changed}` },
        })
      ).status;
    expect(await ask(token)).toBe(200);
    // The last character's low bits may mean nothing; every other one counts.
    for (let at = 0; at < token.length - 1; at += 3) {
      const other = token[at] === "A" ? "Q" : "A";
      const status = await ask(token.slice(0, at) + other + token.slice(at + 1));
      expect([at, status]).toEqual([at, 401]);
    }
    for (let length = 1; length < token.length; length += 9) {
      const status = await ask(token.slice(0, length));
      expect([length, status]).toEqual([length, 401]);
    }
  });

  // The project's own key signed these, so only its holder can make them. behalf's verifier refuses them all; PostgREST takes whatever is
  // signed for claims, and the database what it can.
  test.each([
    ["a subject that is a number", { sub: 5 }],
    ["a subject that is no text", { sub: { id: ada } }],
    ["a subject with NUL in it", { sub: `${ada}\u0000` }],
    ["an unknown role", { role: "nobody_at_all" }],
    ["the role of a superuser", { role: "postgres" }],
  ])("signed, and still of no use: %s", async (_name, claims) => {
    const response = await fetch(`${stack.url}/rest/v1/notes?select=id`, {
      headers: {
        apikey: stack.keys.publishableKey,
        authorization: `Bearer ${forge(hs, { ...good(), ...claims }, secret())}`,
      },
    });
    const text = await response.text();
    expect(response.status, text).toBeGreaterThanOrEqual(400);
    expect(text).not.toContain('"id"');
  });
});
