// Keys made by `behalf keys new`, taken by the stack as Supabase takes them, and replaced while work goes on.
import { createPublicKey, verify } from "node:crypto";
import { type Stack, startStack } from "@behalf/cli";
import type { JWK } from "jose";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ada, behalfOf, codeOf, generateGrantKeys, signIn } from "./grants-test-support.ts";
import { behalfCommand } from "./support/behalf.ts";
import { createProject, type TestProject } from "./support/projects.ts";

const newKeys = async (...args: string[]) => {
  const { code, stdout, stderr } = await behalfCommand(["keys", "new", ...args]);
  expect(code).toBe(0);
  return {
    keys: stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as JWK),
    stderr,
  };
};

let project: TestProject;
let stack: Stack;
let old: JWK;
let next: JWK;

beforeAll(async () => {
  const [first, second] = await Promise.all([newKeys(), newKeys("--alg", "RS256")]);
  [old, next] = [first.keys[0] ?? {}, second.keys[0] ?? {}];
  project = await createProject({
    "supabase/config.toml": '[auth]\nsigning_keys_path = "./signing_keys.json"\n',
    "supabase/signing_keys.json": JSON.stringify([old, next]),
    "supabase/migrations/20260101000000_whoami.sql": `create function public.whoami() returns uuid language sql stable return auth.uid();`,
    "supabase/seed.sql": `insert into auth.users (id, email) values ('${ada}', 'ada@example.com');`,
  });
  stack = await startStack({ directory: `${project.folder}/.behalf`, project: project.folder });
});
afterAll(async () => {
  await stack?.stop();
  await project?.remove();
});

test("`keys new` makes keys as Supabase imports them, and says what to do", async () => {
  const { stderr } = await newKeys();
  expect(old).toEqual({
    kty: "EC",
    crv: "P-256",
    alg: "ES256",
    use: "sig",
    kid: expect.stringMatching(/^[0-9a-f-]{36}$/),
    key_ops: ["sign", "verify"],
    ext: true,
    x: expect.any(String),
    y: expect.any(String),
    d: expect.any(String),
  });
  expect(stderr).toMatch(/Create standby key/);
  expect(stderr).not.toContain(old.d);

  const { keys } = await newKeys("--grant", "--alg", "EdDSA");
  expect(keys[0]).toMatchObject({ kid: keys[1]?.kid, d: expect.any(String) });
  expect(keys[1]).not.toHaveProperty("d");
  const wrong = await behalfCommand(["keys", "new", "--alg", "none"]);
  expect(wrong.code).toBe(2);
});

test("keys rotate while runs go on: no request is refused before, during or after", async () => {
  const project = { url: stack.url, publishableKey: stack.keys.publishableKey };
  const rollout = [{ signingKeys: [old] }, { signingKeys: [next, old] }, { signingKeys: [next] }];
  const clients = await Promise.all(rollout.map((keys) => behalfOf({ ...project, ...keys }).asUser(ada)));
  // Workers of all three stages are at work at once, as in a rolling deployment.
  const answers = await Promise.all(
    Array.from({ length: 30 }, async (_, at) => clients[at % 3]?.rpc("whoami")),
  );
  expect(answers.map((answer) => answer?.data)).toEqual(Array(30).fill(ada));

  const { keys } = (await (await fetch(`${stack.url}/auth/v1/.well-known/jwks.json`)).json()) as {
    keys: JWK[];
  };
  for (const [index, options] of [rollout[0], rollout[1]].entries()) {
    const { token } = await behalfOf({ ...project, ...options }).mintToken(ada);
    const [, input = "", signature = ""] = /^(.*)\.(.*)$/.exec(token) ?? [];
    const jwk = keys.find(({ kid }) => kid === [old, next][index]?.kid);
    const key = {
      key: createPublicKey({ key: jwk as never, format: "jwk" }),
      dsaEncoding: "ieee-p1363",
    } as const;
    expect(verify("sha256", Buffer.from(input), key, Buffer.from(signature, "base64url"))).toBe(true);
  }
});

test("grants are made for sessions of either key, and for none that is unknown", async () => {
  const grantKey = (await generateGrantKeys()).app;
  const app = behalfOf({ url: stack.url, grantKey });
  const options = { task: "t", expiresIn: "1h" };
  const session = await signIn(stack, ada, "ada@example.com");
  const { token } = await behalfOf({
    url: stack.url,
    publishableKey: stack.keys.publishableKey,
    signingKey: next as never,
  }).mintToken(ada);
  for (const accessToken of [session, token])
    await expect(app.grant({ ...options, accessToken })).resolves.toBeDefined();

  const { keys } = await newKeys();
  const stranger = await behalfOf({
    url: stack.url,
    publishableKey: stack.keys.publishableKey,
    signingKey: keys[0] as never,
  }).mintToken(ada);
  expect(await codeOf(app.grant({ ...options, accessToken: stranger.token }))).toBe("ERR_TOKEN_KEY_UNKNOWN");
  const offline = behalfOf({
    url: stack.url,
    grantKey,
    fetch: () => Promise.reject(new TypeError("fetch failed")),
  });
  expect(await codeOf(offline.grant({ ...options, accessToken: session }))).toBe(
    "ERR_GRANT_KEYS_UNREACHABLE",
  );
});
