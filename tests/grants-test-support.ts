// One stack with the notes of ada and grace, an app that seals grants and a worker that opens them.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Stack, startStack } from "@behalf/cli";
import { createClient } from "@supabase/supabase-js";
import { type BehalfError, createBehalf } from "behalf";
import { exportJWK, generateKeyPair, type JWK } from "jose";
import { workspace } from "./support/workspace.ts";

export const ada = "11111111-1111-4111-8111-111111111111";
export const grace = "22222222-2222-4222-8222-222222222222";

export async function startNotes(): Promise<Stack & { end(): Promise<void> }> {
  const directory = await mkdtemp(join(tmpdir(), "behalf-notes-"));
  const stack = await startStack({ directory, project: join(workspace, "examples/database-operations") });
  return {
    ...stack,
    async end() {
      await stack.stop();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

/** Signs a seeded user in, as a browser would, and returns their session's access token. */
export async function signIn({ url, keys }: Stack, userId: string, email: string): Promise<string> {
  const options = {
    auth: { persistSession: false, autoRefreshToken: false },
    realtime: { transport: class {} as never },
  };
  const password = "correct horse battery staple";
  await createClient(url, keys.secretKey, options).auth.admin.updateUserById(userId, {
    password,
    email_confirm: true,
  });
  const { data, error } = await createClient(url, keys.publishableKey, options).auth.signInWithPassword({
    email,
    password,
  });
  if (error) throw error;
  return data.session.access_token;
}

/** A pair of grant keys: the app's and the workers'. */
export async function generateGrantKeys(kid = "grants-1"): Promise<{ app: JWK; worker: JWK }> {
  const { privateKey, publicKey } = await generateKeyPair("ES256", { extractable: true });
  const named = { kid, alg: "ES256" };
  return {
    app: { ...(await exportJWK(privateKey)), ...named },
    worker: { ...(await exportJWK(publicKey)), ...named },
  };
}

/** createBehalf without the variables of this machine. */
export function behalfOf(options: Parameters<typeof createBehalf>[0]) {
  return createBehalf({ environment: {}, ...options });
}

/** The code that a call is refused with. */
export async function codeOf(call: Promise<unknown>): Promise<string> {
  return call.then(
    () => "none",
    (error: BehalfError) => error.code ?? String(error),
  );
}
