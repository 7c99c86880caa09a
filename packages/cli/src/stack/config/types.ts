import type { JWK } from "jose";

/** What `[api]` of supabase/config.toml says, with Supabase's defaults. */
export interface ApiConfig {
  /** Of the gateway; 0: a free one. */
  port: number;
  schemas: string[];
  extraSearchPath: string[];
  maxRows: number;
  /** Whether new tables in `public` are open to the API's roles without a grant. Off, as on hosted projects. */
  autoExposeNewTables: boolean;
}

/** What `[auth]` of supabase/config.toml says, with Supabase's defaults. */
export interface AuthConfig {
  /** Seconds. */
  jwtExpiry: number;
  enableSignup: boolean;
  enableAnonymousSignIns: boolean;
  enableEmailSignup: boolean;
  /** Whether an address has to be confirmed before its first sign-in. Off, as in the Supabase CLI: no mail is sent here. */
  confirmEmail: boolean;
  minimumPasswordLength: number;
  /** Of each a password needs at least one character. */
  passwordCharacters: string[];
  refreshTokenRotation: boolean;
  /** Seconds in which a rotated refresh token may be used again. */
  refreshTokenReuseInterval: number;
  siteUrl: string;
  /** Private keys of `signing_keys_path`, newest first; undefined: the project has none of its own. */
  signingKeys: JWK[] | undefined;
}

/** What `[storage]` of supabase/config.toml says, with Supabase's defaults. */
export interface StorageConfig {
  /** Bytes that any object may have. */
  fileSizeLimit: number;
  buckets: BucketConfig[];
}

/** What `[storage.buckets.<name>]` of supabase/config.toml says. */
export interface BucketConfig {
  name: string;
  public: boolean;
  /** Bytes; null: as many as any object may have. */
  fileSizeLimit: number | null;
  /** Null: all. */
  allowedMimeTypes: string[] | null;
}

/** What `[functions.<name>]` of supabase/config.toml says. */
export interface FunctionConfig {
  /** Whether the gateway asks for a signed token before the function is called. On, as in Supabase. */
  verifyJwt: boolean;
  /** Absolute paths. */
  entrypoint: string | undefined;
  importMap: string | undefined;
}

export interface StackConfig {
  api: ApiConfig;
  auth: AuthConfig;
  functions: Record<string, FunctionConfig>;
  storage: StorageConfig;
  /** Port that Postgres takes when it is free and no other was taken before; 0 for any. */
  databasePort: number;
  migrationsEnabled: boolean;
  seedEnabled: boolean;
  /** Globs, relative to `supabase/`. */
  seedPaths: string[];
  /** Settings that are present and not honoured, as dotted names. */
  ignored: string[];
}
