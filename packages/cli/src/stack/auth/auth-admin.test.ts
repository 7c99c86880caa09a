import { afterAll, beforeAll, expect, test } from "vitest";
import { ada, grace, notesProject, startTestStack, type TestStack } from "../test-support.js";

let stack: TestStack;
beforeAll(async () => {
  stack = await startTestStack(notesProject);
});
afterAll(() => stack.end());

const admin = () => stack.client(stack.keys.secretKey).auth.admin;
const signIn = (email: string, password = "correct horse") =>
  stack.client().auth.signInWithPassword({ email, password });

test("a seeded user of two columns is found", async () => {
  const { data } = await admin().getUserById(ada);
  expect(data.user).toMatchObject({
    id: ada,
    email: "ada@example.com",
    role: "authenticated",
    aud: "authenticated",
  });
});

test("creating: every attribute, with an id of one's own", async () => {
  const id = "33333333-3333-4333-8333-333333333333";
  const { data, error } = await admin().createUser({
    id,
    email: "Alan@Example.com",
    phone: "+44 1234 5678",
    password: "correct horse",
    email_confirm: true,
    user_metadata: { name: "Alan" },
    app_metadata: { plan: "pro" },
  });
  expect(error).toBeNull();
  expect(data.user).toMatchObject({
    id,
    email: "alan@example.com",
    phone: "4412345678",
    user_metadata: { name: "Alan" },
    app_metadata: { provider: "email", providers: ["email", "phone"], plan: "pro" },
    identities: [{ provider: "email" }, { provider: "phone" }],
  });
  expect(data.user?.email_confirmed_at).toBeDefined();
  expect(data.user?.phone_confirmed_at).toBeUndefined();
  expect((await signIn("alan@example.com")).error).toBeNull();
});

test("creating: what GoTrue refuses", async () => {
  await admin().createUser({ email: "taken@example.com" });
  expect((await admin().createUser({ email: "TAKEN@example.com" })).error).toMatchObject({
    status: 422,
    code: "email_exists",
  });
  expect((await admin().createUser({})).error).toMatchObject({ status: 400, code: "validation_failed" });
  expect((await admin().createUser({ email: "no address" })).error).toMatchObject({
    code: "validation_failed",
  });
  expect((await admin().createUser({ email: "a@example.com", ban_duration: "1 day" })).error).toMatchObject({
    code: "validation_failed",
  });
});

test("a user created without a password can't sign in, and one not confirmed can't either", async () => {
  await admin().createUser({ email: "silent@example.com", email_confirm: true });
  expect((await signIn("silent@example.com", "")).error).toMatchObject({ code: "invalid_credentials" });
  await admin().createUser({ email: "pending@example.com", password: "correct horse" });
  expect((await signIn("pending@example.com")).error).toMatchObject({ code: "email_not_confirmed" });
});

test("a ban ends refreshing and signing in, and lifting it lets both go on", async () => {
  const { data } = await admin().createUser({
    email: "banned@example.com",
    password: "correct horse",
    email_confirm: true,
  });
  const id = data.user?.id ?? "";
  const client = stack.client();
  const { data: signedIn } = await client.auth.signInWithPassword({
    email: "banned@example.com",
    password: "correct horse",
  });

  const banned = await admin().updateUserById(id, { ban_duration: "876000h" });
  expect(banned.data.user).toMatchObject({ banned_until: expect.stringMatching(/^21\d\d-/) });
  expect((await client.auth.refreshSession()).error).toMatchObject({ status: 400, code: "user_banned" });
  expect((await signIn("banned@example.com")).error).toMatchObject({
    code: "user_banned",
    message: "User is banned",
  });
  expect((await stack.client().auth.getUser(signedIn.session?.access_token)).error).toMatchObject({
    status: 403,
    code: "user_banned",
  });

  const lifted = await admin().updateUserById(id, { ban_duration: "none" });
  expect(lifted.data.user).not.toHaveProperty("banned_until");
  expect((await signIn("banned@example.com")).error).toBeNull();
});

test("updating: metadata is merged, a new password ends the sessions", async () => {
  const { data } = await admin().createUser({
    email: "before@example.com",
    password: "correct horse",
    email_confirm: true,
    user_metadata: { a: 1, b: 2 },
  });
  const id = data.user?.id ?? "";
  const client = stack.client();
  await client.auth.signInWithPassword({ email: "before@example.com", password: "correct horse" });
  const updated = await admin().updateUserById(id, {
    email: "after@example.com",
    email_confirm: true,
    password: "battery staple",
    user_metadata: { b: null, c: 3 },
  });
  expect(updated.data.user).toMatchObject({ email: "after@example.com", user_metadata: { a: 1, c: 3 } });
  expect((await client.auth.refreshSession()).error).toMatchObject({ code: "refresh_token_not_found" });
  expect((await signIn("after@example.com", "battery staple")).error).toBeNull();
});

test("deleting takes the user's rows along where the schema says so; softly it keeps the row alone", async () => {
  const service = stack.client(stack.keys.secretKey);
  expect((await service.auth.admin.deleteUser(grace)).error).toBeNull();
  expect((await service.from("notes").select().eq("user_id", grace)).data).toEqual([]);
  expect((await service.auth.admin.getUserById(grace)).error).toMatchObject({
    status: 404,
    code: "user_not_found",
  });

  const { data } = await admin().createUser({
    email: "soft@example.com",
    password: "correct horse",
    email_confirm: true,
  });
  const id = data.user?.id ?? "";
  expect((await admin().deleteUser(id, true)).error).toBeNull();
  const gone = (await admin().getUserById(id)).data.user;
  expect(gone).toMatchObject({ id, user_metadata: {}, app_metadata: {} });
  expect(gone?.email).not.toContain("soft");
  expect(gone).toHaveProperty("deleted_at");
  expect((await signIn("soft@example.com")).error).toMatchObject({ code: "invalid_credentials" });
});

test("listing goes by pages, newest first", async () => {
  for (const n of [1, 2, 3]) await admin().createUser({ email: `listed-${n}@example.com` });
  const { data } = await admin().listUsers({ page: 1, perPage: 2 });
  expect(data.users.map((user) => user.email)).toEqual(["listed-3@example.com", "listed-2@example.com"]);
  const { total, lastPage, nextPage } = data as { total: number; lastPage: number; nextPage: number };
  expect({ lastPage, nextPage }).toEqual({ lastPage: Math.ceil(total / 2), nextPage: 2 });
  const beyond = await admin().listUsers({ page: 10 ** 20 });
  expect(beyond.error).toMatchObject({ status: 400, code: "validation_failed" });
  const all = await admin().listUsers({ perPage: 1000 });
  expect(all.data.users).toHaveLength(total);
});

test("nobody but the service role gets in", async () => {
  const { data } = await stack
    .client()
    .auth.signUp({ email: "curious@example.com", password: "correct horse" });
  const clients = [stack.client(), stack.client(stack.keys.anonKey)];
  for (const client of clients)
    expect((await client.auth.admin.listUsers()).error).toMatchObject({ status: 403, code: "not_admin" });
  const asUser = await fetch(`${stack.url}/auth/v1/admin/users`, {
    headers: { apikey: stack.keys.publishableKey, authorization: `Bearer ${data.session?.access_token}` },
  });
  expect([asUser.status, await asUser.json()]).toEqual([
    403,
    { code: 403, error_code: "not_admin", msg: "User not allowed" },
  ]);
});
