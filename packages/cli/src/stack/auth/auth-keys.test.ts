import { decodeProtectedHeader, exportJWK, generateKeyPair, importJWK, type JWK, SignJWT } from "jose";
import { afterAll, beforeAll, expect, test } from "vitest";
import { readConfig } from "../config/read-config.js";
import { startStack } from "../index.js";
import { ada, makeFolder, notesProject, startTestStack, type TestStack } from "../test-support.js";
import { checkStrength } from "./passwords.js";

let stack: TestStack;
let newest: JWK;
let older: JWK;
let removed: JWK;

/** As `supabase gen signing-key` writes one: private, and claiming to verify as well. */
async function makeKey(alg: "ES256" | "RS256", kid: string): Promise<JWK> {
  const { privateKey } = await generateKeyPair(alg, { extractable: true });
  return { ...(await exportJWK(privateKey)), kid, alg, use: "sig", key_ops: ["sign", "verify"], ext: true };
}

async function signedBy({ key_ops: _, ...key }: JWK): Promise<string> {
  return new SignJWT({ sub: ada, role: "authenticated", aud: "authenticated" })
    .setProtectedHeader({ alg: key.alg ?? "", kid: key.kid ?? "" })
    .setExpirationTime("1h")
    .sign(await importJWK(key, key.alg));
}

beforeAll(async () => {
  [newest, older, removed] = await Promise.all([
    makeKey("ES256", "newest"),
    makeKey("RS256", "older"),
    makeKey("ES256", "removed"),
  ]);
  stack = await startTestStack({
    ...notesProject,
    "supabase/config.toml": `
      [auth]
      signing_keys_path = "./signing_keys.json"
      jwt_expiry = 120
      [auth.email]
      enable_confirmations = true`,
    "supabase/signing_keys.json": JSON.stringify([newest, older]),
    "supabase/migrations/20260101000001_profiles.sql": `
      create table public.profiles (id uuid primary key references auth.users (id) on delete cascade, name text);
      grant select on public.profiles to service_role;
      create function public.handle_new_user() returns trigger language plpgsql security definer set search_path = '' as $$
      begin
        if new.email like 'refused%' then raise exception 'not welcome'; end if;
        insert into public.profiles (id, name) values (new.id, new.raw_user_meta_data ->> 'name');
        return new;
      end $$;
      create trigger on_auth_user_created after insert on auth.users for each row execute procedure public.handle_new_user();`,
  });
});
afterAll(() => stack.end());

test("the published keys are the public halves, newest first", async () => {
  const answer = await fetch(`${stack.url}/auth/v1/.well-known/jwks.json`);
  const { keys } = (await answer.json()) as { keys: JWK[] };
  expect(keys.map(({ kid, alg }) => [kid, alg])).toEqual([
    ["newest", "ES256"],
    ["older", "RS256"],
  ]);
  for (const secret of ["d", "p", "q", "k"]) for (const key of keys) expect(key).not.toHaveProperty(secret);
});

test("the newest signs; the older and the legacy secret still count; a key that isn't listed doesn't", async () => {
  const { data } = await stack.client(stack.keys.secretKey).auth.admin.createUser({
    email: "signed@example.com",
    password: "correct horse",
    email_confirm: true,
  });
  const signedIn = await stack
    .client()
    .auth.signInWithPassword({ email: "signed@example.com", password: "correct horse" });
  expect(decodeProtectedHeader(signedIn.data.session?.access_token ?? "")).toMatchObject({
    alg: "ES256",
    kid: "newest",
  });
  expect(signedIn.data.session?.expires_in).toBe(120);
  expect((await stack.client().auth.getUser(signedIn.data.session?.access_token)).data.user?.id).toBe(
    data.user?.id,
  );

  const legacy = await new SignJWT({ sub: ada, role: "authenticated", aud: "authenticated" })
    .setProtectedHeader({ alg: "HS256" })
    .setExpirationTime("1h")
    .sign(new TextEncoder().encode(stack.keys.jwtSecret));
  for (const token of [await signedBy(newest), await signedBy(older), legacy]) {
    const user = stack.client(undefined, { token });
    expect((await user.from("notes").select("body").order("id")).data).toEqual([
      { body: "a1" },
      { body: "a2" },
    ]);
    expect((await stack.client().auth.getUser(token)).data.user?.id).toBe(ada);
  }
  const token = await signedBy(removed);
  expect((await stack.client(undefined, { token }).from("notes").select()).status).toBe(401);
  expect((await stack.client().auth.getUser(token)).error).toMatchObject({ status: 403, code: "bad_jwt" });
});

test("a project's trigger on auth.users runs, and one that raises stops the sign-up", async () => {
  const { data } = await stack.client().auth.signUp({
    email: "profile@example.com",
    password: "correct horse",
    options: { data: { name: "Pro" } },
  });
  const profiles = await stack
    .client(stack.keys.secretKey)
    .from("profiles")
    .select()
    .eq("id", data.user?.id ?? "");
  expect(profiles.data).toEqual([{ id: data.user?.id, name: "Pro" }]);

  const refused = await stack
    .client()
    .auth.signUp({ email: "refused@example.com", password: "correct horse" });
  expect(refused.error?.message).toBe("Database error saving new user");
  expect(stack.steps.at(-1)?.message).toContain("not welcome");
});

test("where addresses have to be confirmed, signing up doesn't sign in, and tells nobody who is registered", async () => {
  const client = stack.client();
  const address = { email: "careful@example.com", password: "correct horse" };
  const { data } = await client.auth.signUp(address);
  expect(data).toMatchObject({
    session: null,
    user: { email: address.email, identities: [{ provider: "email" }] },
  });
  expect((await client.auth.signInWithPassword(address)).error).toMatchObject({
    code: "email_not_confirmed",
  });
  await stack
    .client(stack.keys.secretKey)
    .auth.admin.updateUserById(data.user?.id ?? "", { email_confirm: true });
  expect((await client.auth.signInWithPassword(address)).error).toBeNull();

  const again = await stack.client().auth.signUp(address);
  expect(again).toMatchObject({
    error: null,
    data: { session: null, user: { email: address.email, identities: [] } },
  });
  expect(again.data.user?.id).not.toBe(data.user?.id);
});

test("a file of keys that can't sign is refused by name", async () => {
  const { d: _, ...half } = newest;
  stack.folder.write({ "supabase/signing_keys.json": JSON.stringify([half]) });
  const other = { directory: `${stack.folder.path}/other`, project: stack.folder.path };
  await expect(startStack(other)).rejects.toMatchObject({
    code: "ERR_STACK_CONFIG_INVALID",
    message: expect.stringContaining("signing_keys.json holds a key that is no private"),
  });
});

test("what config.toml asks of passwords is asked for", () => {
  const folder = makeFolder({
    "supabase/config.toml":
      '[auth]\nminimum_password_length = 8\npassword_requirements = "lower_upper_letters_digits"\n',
  });
  const { auth, ignored } = readConfig(folder.path);
  expect(ignored).toEqual([]);
  const failureOf = (password: string) => {
    try {
      checkStrength(password, auth);
      return undefined;
    } catch (error) {
      return error;
    }
  };
  expect(failureOf("Correct horse 1")).toBeUndefined();
  expect(failureOf("correct horse 1")).toMatchObject({
    code: "weak_password",
    message: expect.stringContaining("at least one character of each: abc"),
    extra: { weak_password: { reasons: ["characters"] } },
  });
  expect(failureOf("short")).toMatchObject({
    extra: { weak_password: { reasons: ["length", "characters"] } },
  });
  folder.write({ "supabase/config.toml": '[auth]\npassword_requirements = "hard"\n' });
  expect(() => readConfig(folder.path)).toThrow("auth.password_requirements");
  folder.remove();
});
