import { ConfigError } from "../errors.js";
import { decodeJson, isRecord } from "../keys/json.js";
import type { Origin } from "../keys/parse-keys.js";

export type Environment = Record<string, string | undefined>;

/** A configured value and the option or variable it came from. */
export interface Found {
  readonly value: string;
  readonly origin: Origin;
}

const dashboard: Record<string, string> = {
  SUPABASE_URL: "Project Settings → Data API → Project URL",
  SUPABASE_PUBLISHABLE_KEY: "Project Settings → API Keys → Publishable key",
  SUPABASE_SECRET_KEY: "Project Settings → API Keys → Secret keys",
  SUPABASE_JWT_SECRET: "Project Settings → JWT Keys → Legacy JWT Secret",
};

/** Reads `process.env` where there is one. */
export function processEnvironment(): Environment {
  return typeof process === "undefined" ? {} : process.env;
}

/**
 * The options that have a value, else the variables that have one. The first of them counts; the others are returned
 * because a key in a wrong slot is a mistake even where another wins. An empty variable counts as unset.
 */
export function findValues(
  options: Record<string, string | undefined>,
  environment: Environment,
  variables: readonly string[],
): Found[] {
  const given = Object.entries(options).flatMap(([name, value]) =>
    value === undefined ? [] : [requireText({ value, origin: `The option ${name}` })],
  );
  if (given.length > 0) return given;
  return variables.flatMap((name) => {
    const value = environment[name];
    if (value === undefined || value === "") return [];
    return [name.endsWith("KEYS") ? pickNamed(value, name) : requireText({ value, origin: name })];
  });
}

/** The value that counts among {@link findValues}. */
export function findValue(
  options: Record<string, string | undefined>,
  environment: Environment,
  variables: readonly string[],
): Found | undefined {
  return findValues(options, environment, variables)[0];
}

function requireText(found: Found): Found {
  if (typeof found.value !== "string" || found.value.trim() === "") throw malformed(found.origin, "is blank");
  if (found.value !== found.value.trim() && !found.value.includes("-----BEGIN"))
    throw malformed(found.origin, "has a space or a line break around it");
  if (/^(["']).*\1$/s.test(found.value)) throw malformed(found.origin, "has quotes around it");
  return found;
}

// SUPABASE_PUBLISHABLE_KEYS and SUPABASE_SECRET_KEYS hold every named key of a project as {"default": "sb_…"}.
function pickNamed(text: string, origin: string): Found {
  const named = decodeJson(text);
  if (!isRecord(named)) throw malformed(origin, 'is not a JSON object such as {"default": "sb_…"}');
  const value = named.default;
  if (typeof value !== "string") throw malformed(origin, 'has no key named "default"');
  return requireText({ value, origin });
}

export function malformed(origin: Origin, how: string): ConfigError {
  return new ConfigError("ERR_CONFIG_MALFORMED", `${origin} ${how}.`);
}

/** The error for a value that is nowhere, in the words of the Trigger.dev guide for Supabase. */
export function missing(variable: string, why: string, alternatives: readonly string[] = []): ConfigError {
  const where = dashboard[variable];
  const others = alternatives.length > 0 ? ` (or ${alternatives.join(", ")})` : "";
  return new ConfigError(
    "ERR_CONFIG_MISSING",
    `${variable} is not defined in environment variables${others}. ${why}${where ? ` Find it in the Supabase dashboard: ${where}.` : ""}`,
  );
}
