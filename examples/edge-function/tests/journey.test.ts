import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { type BehalfSuite, startBehalf } from "@behalf/cli/testing";
import { createClient } from "@supabase/supabase-js";
import { configure, runs } from "@trigger.dev/sdk";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Database } from "../database.types.ts";

const grace = "22222222-2222-4222-8222-222222222222";

let suite: BehalfSuite<Database>;
beforeAll(async () => {
  suite = await startBehalf<Database>({ dir: dirname(dirname(fileURLToPath(import.meta.url))) });
  const { apiUrl, secretKey } = await suite.trigger();
  configure({ baseURL: apiUrl, accessToken: secretKey });
});
afterAll(() => suite?.stop());

/** A user who signs up and in as an app's users do. */
async function signUp(email: string) {
  const client = createClient<Database>(suite.supabaseUrl, suite.keys.publishableKey, {
    auth: { persistSession: false },
    realtime: { transport: class {} as never },
  });
  const { data, error } = await client.auth.signUp({ email, password: "correct horse battery staple" });
  if (error || !data.user) throw error;
  return { client, id: data.user.id };
}

test("URL → Edge Function → task → row, as the user who called", async () => {
  const user = await signUp("ida@example.com");
  const { data, error } = await user.client.functions.invoke("start-report", { body: { title: "mine" } });
  expect(error).toBeNull();
  const run = await runs.poll(data.run, { pollIntervalMs: 100 });
  expect(run).toMatchObject({ status: "COMPLETED", output: { user_id: user.id } });
  await suite.expectRows("reports", [{ title: "mine", user_id: user.id }], { as: user.id });
  await suite.expectRows("reports", [], { as: grace });
});

test("nobody starts a report as another, by whatever they send", async () => {
  const user = await signUp("eve@example.com");
  // The API key is signed too, but is nobody's access token.
  const anonymous = createClient<Database>(suite.supabaseUrl, suite.keys.anonKey, {
    auth: { persistSession: false },
    realtime: { transport: class {} as never },
  });
  const refused = await anonymous.functions.invoke("start-report", { body: { title: "whose?" } });
  expect(refused.error?.context.status).toBe(403);

  // An edited payload doesn't fit the grant.
  const { token: accessToken } = await suite.behalf.mintToken(user.id);
  const { grant } = await suite.behalf.grant({
    accessToken,
    task: "write-report",
    payload: { title: "as agreed" },
    expiresIn: "1h",
  });
  const edited = await suite.runTask("write-report", { title: "something else", grant });
  expect(edited).toMatchObject({
    ok: false,
    attempts: 1,
    error: { message: expect.stringMatching(/ERR_GRANT_PAYLOAD/) },
  });

  // A plain user id is no grant.
  const plain = await suite.runTask("write-report", { title: "as grace", userId: grace });
  expect(plain).toMatchObject({ ok: false, error: { message: expect.stringMatching(/ERR_GRANT_REQUIRED/) } });
  await suite.expectRows("reports", [], { as: grace });
});

test("the public guide's function triggers its task", async () => {
  const { data, error } = await (await signUp("guide@example.com")).client.functions.invoke("guide-trigger");
  expect([data, error]).toEqual(["OK", null]);
  await expect
    .poll(async () =>
      (await runs.list({ taskIdentifier: "hello-world", limit: 1 })).data.map(({ status }) => status),
    )
    .toEqual(["COMPLETED"]);
});
