import { expect, test } from "vitest";
import { taskEnvironment } from "./environment.js";

const stack = {
  url: "http://127.0.0.1:54321",
  keys: {
    publishableKey: "sb_publishable_local",
    secretKey: "sb_secret_local",
    anonKey: "anon",
    serviceRoleKey: "service",
    jwtSecret: "a-secret-of-the-local-stack-0123456789",
    signingKeys: [],
  },
  s3: {
    endpoint: "http://127.0.0.1:54321/s3",
    region: "local",
    accessKeyId: "id",
    secretAccessKey: "secret",
  },
};

test("a hosted project's variables in .env lead no task away from the stack; others are the project's", () => {
  const hosted = {
    SUPABASE_URL: "https://abcdefghijklmnopqrst.supabase.co",
    SUPABASE_ANON_KEY: "hosted",
    SUPABASE_PUBLISHABLE_KEYS: '{"default":"sb_publishable_hosted"}',
    SUPABASE_SECRET_KEYS: '{"default":"sb_secret_hosted"}',
    SUPABASE_JWKS: '{"keys":[]}',
    SUPABASE_JWKS_URL: "https://abcdefghijklmnopqrst.supabase.co/auth/v1/.well-known/jwks.json",
  };
  const environment = taskEnvironment(
    { environment: { ...hosted, OPENAI_API_KEY: "theirs", NODE_ENV: "test" } },
    stack,
  );
  expect(environment).toMatchObject({
    SUPABASE_URL: stack.url,
    SUPABASE_ANON_KEY: "anon",
    OPENAI_API_KEY: "theirs",
    NODE_ENV: "test",
  });
  expect(JSON.stringify(environment)).not.toMatch(/hosted|abcdefghijklmnopqrst/);
});
