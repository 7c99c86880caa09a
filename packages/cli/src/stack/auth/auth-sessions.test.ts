import { decodeJwt, decodeProtectedHeader } from "jose";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startTestStack, type TestStack } from "../test-support.js";

let stack: TestStack;
beforeAll(async () => {
  stack = await startTestStack({
    "supabase/config.toml": "[auth]\nenable_anonymous_sign_ins = true\nrefresh_token_reuse_interval = 0\n",
    "supabase/seed.sql": `
      insert into auth.users (instance_id, id, aud, role, email, encrypted_password, email_confirmed_at)
      values ('00000000-0000-0000-0000-000000000000', gen_random_uuid(), 'authenticated', 'authenticated',
              'seeded@example.com', crypt('seeded password', gen_salt('bf')), now());`,
  });
});
afterAll(() => stack.end());

let count = 0;
async function signUp() {
  const client = stack.client();
  count += 1;
  const email = `user-${count}@example.com`;
  const { data, error } = await client.auth.signUp({
    email,
    password: "correct horse",
    options: { data: { n: count } },
  });
  if (error || !data.session || !data.user) throw error ?? new Error("no session");
  return { client, email, session: data.session, user: data.user };
}

const refresh = (token: string) => stack.client().auth.refreshSession({ refresh_token: token });

test("signing up signs in, with a token of the claims that GoTrue sets", async () => {
  const { client, email, session, user } = await signUp();
  expect(user).toMatchObject({
    email,
    aud: "authenticated",
    role: "authenticated",
    app_metadata: { provider: "email", providers: ["email"] },
    user_metadata: { n: count },
    is_anonymous: false,
    identities: [{ provider: "email", user_id: user.id, identity_data: { email, sub: user.id } }],
  });
  const claims = decodeJwt(session.access_token);
  expect(claims).toMatchObject({
    iss: `${stack.url}/auth/v1`,
    sub: user.id,
    aud: "authenticated",
    role: "authenticated",
    email,
    aal: "aal1",
    amr: [{ method: "password" }],
    is_anonymous: false,
  });
  expect(claims.session_id).toMatch(/^[0-9a-f-]{36}$/);
  expect(decodeProtectedHeader(session.access_token)).toMatchObject({ alg: "ES256", typ: "JWT" });

  expect((await client.auth.getUser()).data.user?.id).toBe(user.id);
  // Checked by the client alone, with the published keys.
  expect((await client.auth.getClaims()).data?.claims.sub).toBe(user.id);
});

test("a registered address can't be signed up again, in any case", async () => {
  const { email } = await signUp();
  const { error } = await stack.client().auth.signUp({ email: email.toUpperCase(), password: "another one" });
  expect(error).toMatchObject({
    status: 422,
    code: "user_already_exists",
    message: "User already registered",
  });
});

test("passwords: right, wrong, too short, unknown user, and one that a seed wrote with pgcrypto", async () => {
  const { email, user } = await signUp();
  const client = stack.client();
  const signIn = (as: string, password: string) => client.auth.signInWithPassword({ email: as, password });
  expect((await signIn(email, "correct horse")).data.user?.id).toBe(user.id);
  const refused = { status: 400, code: "invalid_credentials", message: "Invalid login credentials" };
  expect((await signIn(email, "wrong")).error).toMatchObject(refused);
  expect((await signIn("nobody@example.com", "wrong")).error).toMatchObject(refused);
  expect((await client.auth.signUp({ email: "short@example.com", password: "12345" })).error).toMatchObject({
    status: 422,
    code: "weak_password",
    reasons: ["length"],
  });
  expect((await signIn("seeded@example.com", "seeded password")).data.user?.email).toBe("seeded@example.com");
});

test("refresh tokens rotate; one used again much later ends the session", async () => {
  const { session } = await signUp();
  const second = (await refresh(session.refresh_token)).data.session;
  const third = (await refresh(second?.refresh_token ?? "")).data.session;
  expect(new Set([session, second, third].map((s) => s?.refresh_token)).size).toBe(3);
  expect(decodeJwt(third?.access_token ?? "").session_id).toBe(decodeJwt(session.access_token).session_id);

  expect((await refresh(session.refresh_token)).error).toMatchObject({ code: "refresh_token_already_used" });
  expect((await refresh(third?.refresh_token ?? "")).error).toMatchObject({
    code: "refresh_token_already_used",
  });
});

test("a client that missed the answer to a refresh gets the same one again", async () => {
  const { session } = await signUp();
  const first = await refresh(session.refresh_token);
  const again = await refresh(session.refresh_token);
  expect(again.data.session?.refresh_token).toBe(first.data.session?.refresh_token);
});

test("of many refreshes at once with one token, all get the same next token", async () => {
  const { session } = await signUp();
  const answers = await Promise.all(Array.from({ length: 8 }, () => refresh(session.refresh_token)));
  expect(new Set(answers.map(({ data }) => data.session?.refresh_token)).size).toBe(1);
  expect(answers[0]?.error).toBeNull();
});

test("an invented refresh token is refused", async () => {
  expect((await refresh("abcdefghijkl")).error).toMatchObject({
    status: 400,
    code: "refresh_token_not_found",
  });
  expect((await refresh("' or true --")).error).toMatchObject({ status: 400, code: "validation_failed" });
});

test("signing out: locally, the others, everywhere", async () => {
  const { client, email, session } = await signUp();
  const other = stack.client();
  const second = (await other.auth.signInWithPassword({ email, password: "correct horse" })).data.session;

  await client.auth.signOut({ scope: "local" });
  expect((await refresh(session.refresh_token)).error).toMatchObject({ code: "refresh_token_not_found" });
  expect((await stack.client().auth.getUser(session.access_token)).error).toMatchObject({
    name: "AuthSessionMissingError",
  });
  expect((await other.auth.getUser()).error).toBeNull();

  const third = (await stack.client().auth.signInWithPassword({ email, password: "correct horse" })).data
    .session;
  await other.auth.signOut({ scope: "others" });
  expect((await refresh(third?.refresh_token ?? "")).error).toMatchObject({
    code: "refresh_token_not_found",
  });
  expect((await other.auth.getUser()).error).toBeNull();

  await other.auth.signOut();
  expect((await refresh(second?.refresh_token ?? "")).error).toMatchObject({
    code: "refresh_token_not_found",
  });
});

test("a user changes metadata and password, and can't touch app_metadata", async () => {
  const { client, email, session } = await signUp();
  const elsewhere = stack.client();
  await elsewhere.auth.signInWithPassword({ email, password: "correct horse" });

  const { data } = await client.auth.updateUser({ data: { theme: "dark", n: null } });
  expect(data.user?.user_metadata).toEqual({ theme: "dark" });
  expect((await client.auth.updateUser({ password: "correct horse" })).error).toMatchObject({
    code: "same_password",
  });
  expect((await client.auth.updateUser({ password: "battery staple" })).error).toBeNull();
  expect((await elsewhere.auth.getUser()).error).toMatchObject({ name: "AuthSessionMissingError" });
  expect((await client.auth.getUser()).error).toBeNull();

  const raw = await fetch(`${stack.url}/auth/v1/user`, {
    method: "PUT",
    headers: { apikey: stack.keys.publishableKey, authorization: `Bearer ${session.access_token}` },
    body: JSON.stringify({ app_metadata: { role: "admin" } }),
  });
  expect(raw.status).toBe(403);
  expect(await raw.json()).toMatchObject({ code: 403, error_code: "not_admin" });
});

test("an anonymous user becomes a permanent one and keeps the id", async () => {
  const client = stack.client();
  const anonymous = (await client.auth.signInAnonymously()).data;
  expect(anonymous.user).toMatchObject({ is_anonymous: true, email: "" });
  expect(decodeJwt(anonymous.session?.access_token ?? "")).toMatchObject({
    is_anonymous: true,
    role: "authenticated",
  });

  const { data } = await client.auth.updateUser({
    email: "now-known@example.com",
    password: "correct horse",
  });
  expect(data.user).toMatchObject({
    id: anonymous.user?.id,
    is_anonymous: false,
    email: "now-known@example.com",
  });
  const again = await stack
    .client()
    .auth.signInWithPassword({ email: "now-known@example.com", password: "correct horse" });
  expect(again.data.user?.id).toBe(anonymous.user?.id);
});

test("what isn't there says so", async () => {
  const { error } = await stack.client().auth.signInWithOtp({ email: "ada@example.com" });
  expect(error?.message).toContain("POST /auth/v1/otp is not part of the embedded auth");
  const link = await stack.client().auth.signInWithOAuth({ provider: "github" });
  const followed = await fetch(link.data.url ?? "");
  expect([followed.status, await followed.text()]).toEqual([
    404,
    expect.stringContaining("GET /auth/v1/authorize"),
  ]);
  const exchanged = await stack.client().auth.signInWithIdToken({ provider: "google", token: "x" });
  expect(exchanged.error).toMatchObject({
    status: 404,
    message: expect.stringContaining("grant type id_token"),
  });
});
