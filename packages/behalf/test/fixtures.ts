// Keys, tokens and a recording server for this package's tests. Signatures are made with node:crypto, not with the code under test.
import { createHmac, generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { JWK } from "jose";

export const jwtSecret = "super-secret-jwt-token-with-at-least-32-characters-long";
export const ada = "11111111-1111-4111-8111-111111111111";
export const grace = "22222222-2222-4222-8222-222222222222";

const encode = (value: unknown) =>
  Buffer.from(typeof value === "string" ? value : JSON.stringify(value)).toString("base64url");

type Signer = (input: string) => Buffer;

/** A compact JWT of any header and claims, well-formed or not; strings are taken as the JSON text itself. */
export function forge(header: unknown, claims: unknown, signer: Signer): string {
  const input = `${encode(header)}.${encode(claims)}`;
  return `${input}.${signer(input).toString("base64url")}`;
}

export const hs256 =
  (secret: string | Buffer = jwtSecret): Signer =>
  (input) =>
    createHmac("sha256", secret).update(input).digest();

export const es256 =
  (key: KeyObject): Signer =>
  (input) =>
    sign("sha256", Buffer.from(input), { key, dsaEncoding: "ieee-p1363" });

/** A legacy API key: a JWT signed with the JWT secret. */
export function legacyKey(
  role: "anon" | "service_role",
  claims: Record<string, unknown> = {},
  secret = jwtSecret,
) {
  const body = { iss: "supabase-demo", role, exp: 4_102_444_800, ...claims };
  return forge({ alg: "HS256", typ: "JWT" }, body, hs256(secret));
}

export const anonKey = legacyKey("anon");
export const serviceRoleKey = legacyKey("service_role");
export const publishableKey = "sb_publishable_ACJWlzQHlZjBrEguHvfOxg_3BJgxAaH";
export const secretKey = "sb_secret_N7UND0UgjKTVK-Uodkm0Hg_xSvEMPvz";

export function environment(url: string, more: Record<string, string | undefined> = {}) {
  return {
    SUPABASE_URL: url,
    SUPABASE_ANON_KEY: anonKey,
    SUPABASE_SERVICE_ROLE_KEY: serviceRoleKey,
    SUPABASE_JWT_SECRET: jwtSecret,
    ...more,
  };
}

export interface TestKey {
  privateKey: KeyObject;
  publicKey: KeyObject;
  jwk: JWK;
  publicJwk: JWK;
  pem: string;
}

const kinds = {
  ES256: () => generateKeyPairSync("ec", { namedCurve: "P-256" }),
  RS256: () => generateKeyPairSync("rsa", { modulusLength: 2048 }),
  EdDSA: () => generateKeyPairSync("ed25519"),
} as const;

export function generateKey(alg: keyof typeof kinds, kid: string): TestKey {
  const { privateKey, publicKey } = kinds[alg]();
  return {
    privateKey,
    publicKey,
    // As `supabase gen signing-key` writes it.
    jwk: {
      ...(privateKey.export({ format: "jwk" }) as JWK),
      kid,
      alg,
      use: "sig",
      key_ops: ["sign", "verify"],
      ext: true,
    },
    publicJwk: { ...(publicKey.export({ format: "jwk" }) as JWK), kid, alg, use: "sig" },
    pem: privateKey.export({ type: "pkcs8", format: "pem" }) as string,
  };
}

export interface Recorded {
  method: string;
  path: string;
  headers: IncomingMessage["headers"];
}

type Answer = (request: Recorded, response: ServerResponse) => void;

/** A real HTTP server that notes what reaches it and answers as told (default: an empty list). */
export async function recordRequests(answer: Answer = (_request, response) => response.end("[]")) {
  const requests: Recorded[] = [];
  const server = createServer((message, response) => {
    const recorded = { method: message.method ?? "", path: message.url ?? "", headers: message.headers };
    requests.push(recorded);
    response.setHeader("content-type", "application/json");
    message.resume().on("end", () => answer(recorded, response));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    requests,
    /** Requests for data, without those for the time. */
    calls: () => requests.filter(({ path }) => !path.endsWith("/auth/v1/health")),
    answerWith: (next: Answer) => {
      answer = next;
    },
    close: () => {
      server.closeAllConnections();
      return new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

/** What a token says, read without the code under test. */
export function readToken(token: string): {
  header: Record<string, unknown>;
  claims: Record<string, unknown>;
} {
  const [header = "", claims = ""] = token.split(".");
  const decode = (part: string) => JSON.parse(Buffer.from(part, "base64url").toString());
  return { header: decode(header), claims: decode(claims) };
}

export function bearer(request: Recorded | undefined): string {
  return request?.headers.authorization?.replace(/^Bearer /, "") ?? "";
}
