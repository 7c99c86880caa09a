import { createHash, randomBytes } from "node:crypto";
import { join } from "node:path";
import { calculateJwkThumbprint, exportJWK, generateKeyPair, type JWK, SignJWT } from "jose";
import { readJsonFile, writeJsonFile } from "../state/json-file.js";

/** What is made once for a directory and kept in its `secrets.json` (mode 0600). */
export interface StackSecrets {
  publishableKey: string;
  secretKey: string;
  anonKey: string;
  serviceRoleKey: string;
  jwtSecret: string;
  /** Private ES256 JWK, as new hosted projects have one. */
  signingKey: JWK;
  passwords: {
    supabase_admin: string;
    postgres: string;
    authenticator: string;
    supabase_auth_admin: string;
    supabase_storage_admin: string;
  };
}

const tenYears = 10 * 365 * 24 * 3600;

export async function loadSecrets(directory: string): Promise<StackSecrets> {
  const file = join(directory, "secrets.json");
  const kept = readJsonFile<StackSecrets>(file);
  if (kept?.passwords.supabase_storage_admin) return kept;
  const fresh = await makeSecrets();
  // A directory of an earlier version lacks the passwords of roles that came since.
  const made = kept ? { ...kept, passwords: { ...fresh.passwords, ...kept.passwords } } : fresh;
  writeJsonFile(file, made);
  return made;
}

async function makeSecrets(): Promise<StackSecrets> {
  const jwtSecret = randomBytes(48).toString("base64url");
  const [anonKey, serviceRoleKey, signingKey] = await Promise.all([
    signLegacyKey("anon", jwtSecret),
    signLegacyKey("service_role", jwtSecret),
    makeSigningKey(),
  ]);
  const password = () => randomBytes(24).toString("base64url");
  return {
    publishableKey: makeApiKey("sb_publishable_"),
    secretKey: makeApiKey("sb_secret_"),
    anonKey,
    serviceRoleKey,
    jwtSecret,
    signingKey,
    passwords: {
      supabase_admin: password(),
      postgres: password(),
      authenticator: password(),
      supabase_auth_admin: password(),
      supabase_storage_admin: password(),
    },
  };
}

/** The shape of the hosted ones: prefix, 22 random characters, a checksum of 8. */
function makeApiKey(prefix: string): string {
  const body = `${prefix}${randomBytes(16).toString("base64url")}`;
  return `${body}_${createHash("sha256").update(body).digest("base64url").slice(0, 8)}`;
}

function signLegacyKey(role: string, secret: string): Promise<string> {
  const now = Math.floor(Date.now() / 1000);
  return new SignJWT({ iss: "supabase", ref: "local", role })
    .setProtectedHeader({ alg: "HS256", typ: "JWT" })
    .setIssuedAt(now)
    .setExpirationTime(now + tenYears)
    .sign(new TextEncoder().encode(secret));
}

async function makeSigningKey(): Promise<JWK> {
  const { privateKey } = await generateKeyPair("ES256", { extractable: true });
  const jwk = await exportJWK(privateKey);
  return {
    ...jwk,
    kid: await calculateJwkThumbprint(jwk),
    alg: "ES256",
    use: "sig",
    key_ops: ["sign", "verify"],
    ext: true,
  };
}
