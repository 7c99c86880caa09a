import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import type { JWK } from "jose";
import { parse, type TomlTable } from "smol-toml";
import { StackError } from "../errors.js";
import { Settings } from "./settings.js";
import type { BucketConfig, FunctionConfig, StackConfig } from "./types.js";

/**
 * Reads `supabase/config.toml` of a project; without one, or without a project, Supabase's defaults.
 *
 * @throws {StackError} `ERR_STACK_CONFIG_INVALID` when it isn't TOML, or a setting is of the wrong kind: the message names it.
 */
export function readConfig(project: string | undefined): StackConfig {
  const file = project === undefined ? undefined : join(project, "supabase", "config.toml");
  const present = file !== undefined && existsSync(file);
  const settings = new Settings(present ? parseToml(file) : {});
  const config: StackConfig = {
    api: {
      port: settings.number("api.port", 0),
      schemas: settings.strings("api.schemas", ["public", "graphql_public"]),
      extraSearchPath: settings.strings("api.extra_search_path", ["public", "extensions"]),
      maxRows: settings.number("api.max_rows", 1000),
      autoExposeNewTables: settings.boolean("api.auto_expose_new_tables", false),
    },
    auth: {
      jwtExpiry: settings.number("auth.jwt_expiry", 3600),
      enableSignup: settings.boolean("auth.enable_signup", true),
      enableAnonymousSignIns: settings.boolean("auth.enable_anonymous_sign_ins", false),
      enableEmailSignup: settings.boolean("auth.email.enable_signup", true),
      confirmEmail: settings.boolean("auth.email.enable_confirmations", false),
      minimumPasswordLength: settings.number("auth.minimum_password_length", 6),
      passwordCharacters: readPasswordCharacters(settings),
      refreshTokenRotation: settings.boolean("auth.enable_refresh_token_rotation", true),
      refreshTokenReuseInterval: settings.number("auth.refresh_token_reuse_interval", 10),
      siteUrl: settings.string("auth.site_url", "http://127.0.0.1:3000"),
      signingKeys: undefined,
    },
    storage: {
      fileSizeLimit: settings.bytes("storage.file_size_limit", 50 * 2 ** 20),
      buckets: readBuckets(settings),
    },
    functions: project === undefined ? {} : readFunctions(settings, join(project, "supabase")),
    databasePort: settings.number("db.port", 0),
    migrationsEnabled: settings.boolean("db.migrations.enabled", true),
    seedEnabled: settings.boolean("db.seed.enabled", true),
    seedPaths: settings.strings("db.seed.sql_paths", ["./seed.sql"]),
    ignored: [],
  };
  const keysPath = settings.string("auth.signing_keys_path", "");
  if (file && keysPath) config.auth.signingKeys = readSigningKeys(resolve(dirname(file), keysPath));
  config.ignored = settings.unread();
  return config;
}

const [lower, upper, digits] = ["abcdefghijklmnopqrstuvwxyz", "ABCDEFGHIJKLMNOPQRSTUVWXYZ", "0123456789"];
/** As the Supabase CLI names them, with the characters that Auth is then told. */
const passwordCharacters: Record<string, string[]> = {
  "": [],
  letters_digits: [`${lower}${upper}`, digits],
  lower_upper_letters_digits: [lower, upper, digits],
  lower_upper_letters_digits_symbols: [lower, upper, digits, "!@#$%^&*()_+-=[]{};'\\:\"|<>?,./`~"],
};

function readPasswordCharacters(settings: Settings): string[] {
  const name = settings.string("auth.password_requirements", "");
  const characters = passwordCharacters[name];
  if (characters) return characters;
  const known = Object.keys(passwordCharacters).filter(Boolean).join(", ");
  throw new StackError(
    "ERR_STACK_CONFIG_INVALID",
    `auth.password_requirements of supabase/config.toml must be empty or one of ${known}.`,
  );
}

/** A dot in a bucket's name would be taken for a section's: such ones stay among what isn't honoured. */
function readBuckets(settings: Settings): BucketConfig[] {
  const names = settings.sections("storage.buckets").filter((name) => !name.includes("."));
  return names.map((name) => {
    const limit = settings.bytes(`storage.buckets.${name}.file_size_limit`, 0);
    const types = settings.strings(`storage.buckets.${name}.allowed_mime_types`, []);
    return {
      name,
      public: settings.boolean(`storage.buckets.${name}.public`, false),
      fileSizeLimit: limit || null,
      allowedMimeTypes: types.length > 0 ? types : null,
    };
  });
}

/** The folders of supabase/functions, but those that only hold what others share (`_shared`), and what config.toml says of them. */
function readFunctions(settings: Settings, supabase: string): Record<string, FunctionConfig> {
  const folder = join(supabase, "functions");
  const names = existsSync(folder)
    ? readdirSync(folder, { withFileTypes: true }).flatMap((entry) =>
        entry.isDirectory() && /^[A-Za-z][\w-]*$/.test(entry.name) ? [entry.name] : [],
      )
    : [];
  const path = (name: string) => {
    const value = settings.string(name, "");
    return value ? resolve(supabase, value) : undefined;
  };
  return Object.fromEntries(
    names
      .filter((name) => settings.boolean(`functions.${name}.enabled`, true))
      .map((name) => [
        name,
        {
          verifyJwt: settings.boolean(`functions.${name}.verify_jwt`, true),
          entrypoint: path(`functions.${name}.entrypoint`),
          importMap: path(`functions.${name}.import_map`),
        },
      ]),
  );
}

function parseToml(file: string): TomlTable {
  try {
    return parse(readFileSync(file, "utf8"));
  } catch (cause) {
    // smol-toml quotes the offending lines, which may hold a secret: only where it is goes into the message.
    const { line, column } = cause as { line?: number; column?: number };
    throw new StackError(
      "ERR_STACK_CONFIG_INVALID",
      `${file}:${line}:${column} is not valid TOML. Correct that line.`,
    );
  }
}

function readSigningKeys(file: string): JWK[] {
  const refuse = (what: string): never => {
    throw new StackError(
      "ERR_STACK_CONFIG_INVALID",
      `auth.signing_keys_path of supabase/config.toml: ${file} ${what}. Make one with: supabase gen signing-key --algorithm ES256`,
    );
  };
  let keys: unknown;
  try {
    keys = JSON.parse(readFileSync(file, "utf8"));
  } catch {
    return refuse("is missing or not JSON");
  }
  if (!Array.isArray(keys)) return refuse("holds no array of JWKs");
  for (const key of keys as Partial<JWK>[]) {
    if (!key?.kid || !key.d || !["EC", "RSA"].includes(key.kty ?? ""))
      return refuse("holds a key that is no private EC or RSA JWK with a kid");
  }
  return keys as JWK[];
}
