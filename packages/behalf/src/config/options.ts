import type { JWK } from "jose";

/**
 * How far a user id is trusted. `"trust"`: the id is taken as given. `"lookup"`: the user is fetched at the first mint
 * and at each renewal, so deleted and banned users are refused and their metadata is in the token.
 */
export type UsersMode = "trust" | "lookup";

/** Where the broker is, and how this worker proves who it is. */
export interface BrokerOptions {
  /** Where createBroker's handler answers. */
  url?: string;
  /** Default `"worker"`. */
  clientId?: string;
  /** A text of 32 characters or more that the broker knows too. */
  secret?: string;
}

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
  /** The legacy HS256 secret. Variables: `SUPABASE_JWT_SECRET`, `BEHALF_JWT_SECRET`. Signs when there is no `signingKey`; verifies always. */
  jwtSecret?: string;
  /** A private JWK, a set of them, or a PEM. Variables: `SUPABASE_SIGNING_KEY`, `BEHALF_SIGNING_KEY`. */
  signingKey?: string | JWK | { keys: JWK[] };
  /** Several private keys, newest first: the first signs, the rest verify. */
  signingKeys?: readonly (string | JWK)[];
  /** The key id for a PEM. Variable: `SUPABASE_SIGNING_KEY_ID`. */
  signingKeyId?: string;
  /** How far user ids are trusted; default `"trust"`. Variable: `BEHALF_USERS`. */
  users?: UsersMode;
  /** Seals and opens grants: a secret text of 32 characters or more, or a JWK (private: seals; public: opens). Default: derived from the HS256 secret. Variable: `BEHALF_GRANT_KEY`. */
  grantKey?: string | JWK | { keys: JWK[] };
  /** Whom grants are for; default the project's URL. Set it where environments share a project. Variable: `BEHALF_GRANT_AUDIENCE`. */
  grantAudience?: string;
  /** Refuses plain user ids: only a grant says as whom a task may act. Variable: `BEHALF_REQUIRE_GRANT`. */
  requireGrant?: boolean;
  /** Gets users' tokens from a broker in exchange for grants; no signing key is needed here then. Variables: `BEHALF_BROKER_URL`, `BEHALF_BROKER_CLIENT_ID`, `BEHALF_BROKER_SECRET`. */
  broker?: BrokerOptions;
  /** Most identities whose clients are kept ready at a time; default 1000. Variable: `BEHALF_CACHE_SIZE`. */
  cacheSize?: number;
  /** Where the variables are read from; default `process.env`. */
  environment?: Record<string, string | undefined>;
  /** Makes the requests; default the global `fetch`. */
  fetch?: typeof fetch;
}
