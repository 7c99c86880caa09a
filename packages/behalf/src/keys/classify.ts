import { decodeJson, isRecord } from "./json.js";

/** What a string is, as far as its form tells. `"none"`: nothing that Supabase or behalf has a use for. */
export type KeyKind =
  | "publishable"
  | "secret"
  | "anon-jwt"
  | "service-role-jwt"
  | "jwt"
  | "jwk-private"
  | "jwk-public"
  | "pem-private"
  | "pem-public"
  | "management-token"
  | "hs256-secret"
  | "none";

/** What {@link classifyKey} found. It never holds the key itself. */
export interface KeyClass {
  readonly kind: KeyKind;
  /** Whether the value must never leave the server. */
  readonly secret: boolean;
  /** The project that a legacy JWT key names: its reference on hosted Supabase, or the issuer's host. */
  readonly project?: string;
  /** When a JWT ends, in seconds since 1970. */
  readonly expiresAt?: number;
}

const secretKinds: ReadonlySet<KeyKind> = new Set([
  "secret",
  "service-role-jwt",
  "jwk-private",
  "pem-private",
  "management-token",
  "hs256-secret",
]);

const privateMembers = ["d", "k"];

/**
 * Says what a string is: an API key of either generation, a JWT, a JWK (or a set of them), a PEM, a Supabase access
 * token, a secret for HS256, or nothing of use. It looks at the form alone and verifies no signature.
 *
 * @example
 * ```ts
 * classifyKey("sb_secret_…").kind; // "secret"
 * ```
 */
export function classifyKey(value: string): KeyClass {
  const text = value.trim();
  if (text.startsWith("sb_publishable_")) return of("publishable");
  if (text.startsWith("sb_secret_")) return of("secret");
  if (text.startsWith("sbp_")) return of("management-token");
  if (text.includes("-----BEGIN "))
    return of(/-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY-----/.test(text) ? "pem-private" : "pem-public");
  if (text.startsWith("{") || text.startsWith("[")) return classifyJwk(text);
  const jwt = decodeJwt(text);
  if (jwt) return jwt;
  return of(isHs256Secret(text) ? "hs256-secret" : "none");
}

function of(kind: KeyKind): KeyClass {
  return { kind, secret: secretKinds.has(kind) };
}

function classifyJwk(text: string): KeyClass {
  const parsed = decodeJson(text);
  const keys = Array.isArray(parsed)
    ? parsed
    : isRecord(parsed) && Array.isArray(parsed.keys)
      ? parsed.keys
      : [parsed];
  const jwks = keys.filter(isRecord).filter((key) => typeof key.kty === "string");
  if (jwks.length === 0) return of("none");
  return of(
    jwks.some((key) => privateMembers.some((member) => member in key)) ? "jwk-private" : "jwk-public",
  );
}

function decodeJwt(text: string): KeyClass | undefined {
  const parts = text.split(".");
  if (parts.length !== 3 || !parts[0]?.startsWith("ey")) return undefined;
  const header = decodePart(parts[0]);
  const claims = decodePart(parts[1] ?? "");
  if (!isRecord(header) || !isRecord(claims) || typeof header.alg !== "string") return undefined;
  const isUser = typeof claims.sub === "string";
  const kind =
    claims.role === "service_role"
      ? "service-role-jwt"
      : claims.role === "anon" && !isUser
        ? "anon-jwt"
        : "jwt";
  const project = projectOf(claims);
  return {
    kind,
    // Any other JWT is somebody's session: as secret as a password while it lasts.
    secret: kind !== "anon-jwt",
    ...(project ? { project } : {}),
    ...(typeof claims.exp === "number" ? { expiresAt: claims.exp } : {}),
  };
}

function projectOf(claims: Record<string, unknown>): string | undefined {
  if (typeof claims.ref === "string" && claims.ref !== "") return claims.ref;
  // The issuer of the well-known demo keys, which every local stack shares.
  if (claims.iss === "supabase-demo") return claims.iss;
  if (typeof claims.iss !== "string" || !URL.canParse(claims.iss)) return undefined;
  return projectOfUrl(new URL(claims.iss));
}

/** The reference of a hosted project, or the host of any other. */
export function projectOfUrl(url: URL): string {
  return /^([a-z0-9]+)\.supabase\.(?:co|in|net|red)$/.exec(url.hostname)?.[1] ?? url.host;
}

function decodePart(part: string): unknown {
  return decodeJson(Buffer.from(part, "base64url").toString());
}

// The HS256 secret has no form of its own. 32 bytes is what PostgREST asks for at least.
function isHs256Secret(text: string): boolean {
  return (
    text.length >= 32 && !/\s/.test(text) && !/^[a-z][a-z0-9+.-]*:\/\//i.test(text) && !/^tr_/.test(text)
  );
}
