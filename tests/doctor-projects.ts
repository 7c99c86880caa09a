// The folders of the doctor's corpus: environments and code, faulty and clean.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Expected } from "./doctor-corpus.ts";
import { workspace } from "./support/workspace.ts";

/** A legacy API key as far as its form goes. */
function legacyKey(role: string, ref = "abcdefghijklmnopqrst"): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
  return [
    part({ alg: "HS256", typ: "JWT" }),
    part({ iss: "supabase", ref, role, iat: 1_700_000_000, exp: 4_000_000_000 }),
    "c2lnbmF0dXJlLW9mLW5vYm9keQ",
  ].join(".");
}

const jwtSecret = "corpus-secret-of-at-least-32-characters-in-length";
const secretKey = "sb_secret_corpus0000000000000000_00000000";
const example = (path: string) =>
  readFileSync(join(workspace, "examples/database-operations/trigger", path), "utf8");

const environment = `SUPABASE_URL=https://abcdefghijklmnopqrst.supabase.co
SUPABASE_ANON_KEY=${legacyKey("service_role")}
SUPABASE_SECRET_KEY=sb_publishable_corpus00000000000000000_00000000
SUPABASE_SERVICE_ROLE_KEY=${legacyKey("service_role", "zyxwvutsrqponmlkjihg")}
SUPABASE_JWT_SECRET=too-short
NEXT_PUBLIC_ADMIN=${secretKey}
`;

export const faultyProject: Record<string, string> = {
  "package.json": JSON.stringify({ type: "module" }),
  "supabase/config.toml": '[api]\nschemas = ["faulty"]\n',
  ".env": environment,
  ".env.production": `VITE_JWT_SECRET=${jwtSecret}\nVITE_NAME=${"a-name-that-is-long-but-no-secret-at-all"}\n`,
  "trigger/insert.ts": example("guide/supabase-database-insert.ts"),
  "trigger/update.ts": example("guide/supabase-update-user-subscription.ts"),
  "trigger/jose.ts": `import { createClient as create } from "@supabase/supabase-js";
import { task } from "@trigger.dev/sdk";
import { SignJWT } from "jose";
// jwt.sign({ sub }) in a comment is nothing
export const mint = task({ id: "mint", run: async ({ userId }: { userId: string }) => {
  const key = new TextEncoder().encode(process.env.SUPABASE_JWT_SECRET);
  const token = await new SignJWT({})
    .setProtectedHeader({ alg: "HS256" }).setSubject(userId).setExpirationTime("1h").sign(key);
  return create("https://a.supabase.co", "sb_publishable_x", { global: { headers: { authorization: token } } });
} });
`,
  "trigger/uses-admin.ts": `import { task } from "@trigger.dev/sdk";
import { admin } from "../lib/admin.js";
export const sweep = task({ id: "sweep", run: async () => admin.from("notes").delete().lt("id", 0) });
`,
  "lib/admin.ts": `import * as supabase from "@supabase/supabase-js";
const key = process.env.SUPABASE_SECRET_KEY as string;
export const admin = supabase.createClient(process.env.SUPABASE_URL as string, key);
`,
  "dist/assets/app.js": `const a = 1;\nconst key = "${secretKey}";\n`,
  "dist/assets/app.js.map": JSON.stringify({
    sourcesContent: [`const key = "${legacyKey("service_role")}"`],
  }),
  ".next/static/chunks/main.js": `fetch("/",{headers:{apikey:"${legacyKey("service_role")}"}})`,
  "public/key.json": JSON.stringify({ kty: "EC", crv: "P-256", d: "A".repeat(43) }),
  "out/worker.js": `const pem = "-----BEGIN PRIVATE KEY-----\\n${"MIGHAgEAMBMGByqGSM49AgEGCCqGSM49".repeat(3)}";`,
};

const code = (name: string, ...places: string[]) => places.map((place) => `DOCTOR_CODE_${name} ${place}`);

export const expectedInProject: Expected[] = [
  "DOCTOR_KEY_SERVICE_AS_ANON SUPABASE_ANON_KEY (.env)",
  "DOCTOR_KEY_PUBLISHABLE_AS_SECRET SUPABASE_SECRET_KEY (.env)",
  "DOCTOR_CONFIG_PROJECT_MISMATCH SUPABASE_SERVICE_ROLE_KEY (.env)",
  "DOCTOR_KEY_WEAK SUPABASE_JWT_SECRET (.env)",
  "DOCTOR_CONFIG_PUBLIC_SECRET NEXT_PUBLIC_ADMIN (.env)",
  "DOCTOR_CONFIG_PUBLIC_SECRET VITE_JWT_SECRET (.env.production)",
  ...code("TOKEN_WITHOUT_ROLE", "trigger/insert.ts:15", "trigger/insert.ts:33", "trigger/jose.ts:7"),
  ...code("FIXED_TOKEN", "trigger/insert.ts:16", "trigger/insert.ts:36", "trigger/jose.ts:9"),
  ...code("SERVICE_CLIENT", "trigger/update.ts:8", "lib/admin.ts:3"),
  ...code(
    "SECRET_IN_BUNDLE",
    "dist/assets/app.js:2",
    "dist/assets/app.js.map:1",
    ".next/static/chunks/main.js:1",
  ),
  ...code("SECRET_IN_BUNDLE", "public/key.json:1", "out/worker.js:1"),
];

export const cleanProject: Record<string, string> = {
  "package.json": JSON.stringify({ type: "module" }),
  "supabase/config.toml": '[api]\nschemas = ["clean"]\n',
  ".env.example": `SUPABASE_SECRET_KEY=\nNEXT_PUBLIC_SUPABASE_SERVICE_ROLE_KEY=${secretKey}\n`,
  ".env.production": `NEXT_PUBLIC_SUPABASE_ANON_KEY=${legacyKey("anon")}\nNEXT_PUBLIC_BUILD=${"0123456789abcdef".repeat(4)}\n`,
  "trigger/supabase.ts": example("supabase.ts"),
  "trigger/add-new-user.ts": example("add-new-user.ts"),
  "trigger/other-tokens.ts": `import { task } from "@trigger.dev/sdk";
import jwt from "jsonwebtoken";
// Another service's token, for which a role means nothing: jwt.sign({ sub: "x" }, process.env.SUPABASE_JWT_SECRET)
export const call = task({ id: "call", run: async () => jwt.sign({ sub: "app" }, "another-service") });
`,
  "trigger/with-role.ts": `import { createClient } from "@supabase/supabase-js";
import { task } from "@trigger.dev/sdk";
import jwt from "jsonwebtoken";
export const anon = createClient("https://a.supabase.co", process.env.SUPABASE_ANON_KEY as string);
export const sign = task({ id: "sign", run: async (sub: string) => jwt.sign({ sub, role: "authenticated" }, "x") });
`,
  "app/server.ts": `import { createClient } from "@supabase/supabase-js";
export const admin = createClient("https://a.supabase.co", process.env.SUPABASE_SERVICE_ROLE_KEY as string);
`,
  "public/app.js": `const key = "${legacyKey("anon")}"; const publishable = "sb_publishable_corpus00000000000000000_00000000"; if (/^sb_secret_/.test(key)) throw new Error("sb_secret_… is no key for browsers");`,
  "server-build/index.js": `const key = "${secretKey}";`,
};
