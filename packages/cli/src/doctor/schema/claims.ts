import type { SchemaPolicy } from "./types.js";

// What behalf puts into every token of a user, and with users: "lookup" (docs/configuration.md).
const always = [
  "iss",
  "sub",
  "aud",
  "role",
  "iat",
  "exp",
  "aal",
  "is_anonymous",
  "act",
  "initiator",
  "scope",
  "grant_id",
];
const withLookup = ["email", "phone", "app_metadata", "user_metadata"];

const jwt = String.raw`(?:auth\.jwt\(\)|current_setting\('request\.jwt\.claims'[^)]*\))`;
// auth.jwt() ->> 'x', (auth.jwt() -> 'x'::text), ( SELECT auth.jwt() AS jwt) ->> 'x', auth.jwt() #>> '{x,y}', … ? 'x'
const read = new RegExp(
  String.raw`${jwt}(?:\s+as\s+\w+|::jsonb?|\)|,\s*''(?:::text)?)*\s*(?:->>?|#>>?|\?)\s*'\{?"?(\w+)`,
  "gi",
);
const legacy = /current_setting\('request\.jwt\.claim\.(\w+)'/gi;

/** The claims that an SQL expression or function body reads. */
export function claimsIn(sql: string): string[] {
  const names = [...sql.matchAll(read), ...sql.matchAll(legacy)].map(([, name]) => name ?? "");
  if (/\bauth\.email\(\)/i.test(sql)) names.push("email");
  return [...new Set(names)];
}

/** The claims that a policy reads, by itself or through the functions it calls. */
export function claimsOf({ using, check, functions }: SchemaPolicy): string[] {
  return [...new Set([using ?? "", check ?? "", ...functions.map(({ source }) => source)].flatMap(claimsIn))];
}

/** Whether a policy asks for a second factor, which work without a person can't have. */
export function asksForSecondFactor({ using, check, functions }: SchemaPolicy): boolean {
  return [using, check, ...functions.map(({ source }) => source)].some(
    (sql) => sql && /'aal'/.test(sql) && /'aal2'/.test(sql),
  );
}

/** The claims that tokens of asUser carry without being asked. */
export function mintedClaims(usersMode: string | undefined): Set<string> {
  return new Set(usersMode === "lookup" ? [...always, ...withLookup] : always);
}
