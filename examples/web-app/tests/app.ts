import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { type BehalfSuite, startBehalf } from "@behalf/cli/testing";
import { createAdaptorServer } from "@hono/node-server";
import { createClient } from "@supabase/supabase-js";
import { configure } from "@trigger.dev/sdk";
// @ts-expect-error plain JavaScript, run by node without a build
import { buildPage } from "../build.mjs";
import type { Database } from "../database.types.ts";
import { createSite } from "../src/server/site.ts";

const project = dirname(dirname(fileURLToPath(import.meta.url)));

/** The app as it is deployed, with a stack and a runtime of its own. */
export interface TestApp {
  url: string;
  suite: BehalfSuite<Database>;
  trigger: { apiUrl: string; secretKey: string };
  /** What no page may ever see. */
  secrets: string[];
  /** An example user's access token, from a sign-in with their password. */
  signIn(name: "ada" | "grace"): Promise<string>;
  /** A request to the app. */
  ask(method: string, path: string, accessToken: string | undefined, body?: unknown): Promise<Response>;
  stop(): Promise<void>;
}

export async function startApp(): Promise<TestApp> {
  const grantKey = randomBytes(32).toString("base64url");
  const folder = await mkdtemp(join(tmpdir(), "behalf-web-app-"));
  const [suite] = await Promise.all([
    startBehalf<Database>({ dir: project, environment: { BEHALF_GRANT_KEY: grantKey } }),
    (buildPage as (folder: string) => Promise<void>)(folder),
  ]);
  const { apiUrl, secretKey } = await suite.trigger();
  // As TRIGGER_API_URL and TRIGGER_SECRET_KEY do.
  configure({ baseURL: apiUrl, accessToken: secretKey });
  const { supabaseUrl, keys } = suite;
  const { publishableKey } = keys;
  const site = createSite({ supabaseUrl, publishableKey, triggerUrl: apiUrl }, folder, grantKey);
  const server = createAdaptorServer({ fetch: site.fetch });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url,
    suite,
    trigger: { apiUrl, secretKey },
    secrets: [
      grantKey,
      secretKey,
      keys.secretKey,
      keys.serviceRoleKey,
      keys.jwtSecret,
      ...keys.signingKeys.map(({ d }) => d ?? keys.jwtSecret),
    ],
    async signIn(name) {
      const client = createClient(supabaseUrl, publishableKey, {
        auth: { persistSession: false },
        realtime: { transport: class {} as never },
      });
      const credentials = { email: `${name}@example.com`, password: "example password" };
      const { data, error } = await client.auth.signInWithPassword(credentials);
      if (error) throw error;
      return data.session.access_token;
    },
    ask: (method, path, accessToken, body) =>
      fetch(`${url}${path}`, {
        method,
        headers: {
          ...(accessToken === undefined ? {} : { authorization: `Bearer ${accessToken}` }),
          ...(body === undefined ? {} : { "content-type": "application/json" }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      }),
    async stop() {
      await new Promise((resolve) => server.close(resolve));
      await suite.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
