import type { JWK } from "jose";

/**
 * How far a user id is trusted. `"trust"`: the id is taken as given. `"lookup"`: the user is fetched at the first mint
 * and at each renewal, so deleted and banned users are refused and their metadata is in the token.
 */
export type UsersMode = "trust" | "lookup";

/** What {@link createBehalf} takes. Every option wins over the environment; none is needed when that is complete. */
export interface BehalfOptions {
  /** The project's URL. Variables: `SUPABASE_URL`, `SUPABASE_PROJECT_URL`. */
  url?: string;
  /** `sb_publishable_…`. Variables: `SUPABASE_PUBLISHABLE_KEYS` (JSON, wins), `SUPABASE_PUBLISHABLE_KEY`. */
  publishableKey?: string;
  /** The legacy anon key, in the same slot as `publishableKey`. Variable: `SUPABASE_ANON_KEY`. */
  anonKey?: string;
  /** `sb_secret_…`, for asService and lookups only. Variables: `SUPABASE_SECRET_KEYS` (JSON, wins), `SUPABASE_SECRET_KEY`. */
  secretKey?: string;
  /** The legacy service_role key, in the same slot as `secretKey`. Variable: `SUPABASE_SERVICE_ROLE_KEY`. */
  serviceRoleKey?: string;
  /** The legacy HS256 secret. Variable: `SUPABASE_JWT_SECRET`. Signs when there is no `signingKey`; verifies always. */
  jwtSecret?: string;
  /** A private JWK, a set of them, or a PEM. Variable: `SUPABASE_SIGNING_KEY`. */
  signingKey?: string | JWK | { keys: JWK[] };
  /** Several private keys, newest first: the first signs, the rest verify. */
  signingKeys?: readonly (string | JWK)[];
  /** The key id for a PEM. Variable: `SUPABASE_SIGNING_KEY_ID`. */
  signingKeyId?: string;
  /** How far user ids are trusted; default `"trust"`. Variable: `BEHALF_USERS`. */
  users?: UsersMode;
  /** Most identities whose clients are kept ready at a time; default 1000. Variable: `BEHALF_CACHE_SIZE`. */
  cacheSize?: number;
  /** Where the variables are read from; default `process.env`. */
  environment?: Record<string, string | undefined>;
  /** Makes the requests; default the global `fetch`. */
  fetch?: typeof fetch;
}
