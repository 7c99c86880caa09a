// What belongs here: the errors people meet, each with its cause and its cure. docs/errors.md is made from this table.

/** One row of {@link errorTable}: why an error occurs and what to do about it. */
export interface ErrorEntry {
  readonly cause: string;
  readonly cure: string;
}

/** Every code that behalf throws, with its cause and its cure. */
export const errorTable = {
  ERR_CONFIG_MISSING: {
    cause: "A value that the call needs is neither in the options of createBehalf nor in the environment.",
    cure: "Set the variable that the message names; it says where the Supabase dashboard shows the value.",
  },
  ERR_CONFIG_MALFORMED: {
    cause: "An option or a variable is set to something that cannot be what its name says.",
    cure: "Correct the value that the message names: a stray quote, space or line break is a common reason.",
  },
  ERR_CONFIG_BROWSER: {
    cause: "Behalf was created in a browser or a browser's worker.",
    cure: "Call it on a server only. Whoever can read the keys can act as every user.",
  },
  ERR_CONFIG_PUBLIC_SECRET: {
    cause: "A secret sits in a variable whose prefix makes build tools publish it to browsers.",
    cure: "Treat the secret as leaked: rotate it, then store it under a name without the prefix.",
  },
  ERR_CONFIG_PROJECT_MISMATCH: {
    cause: "The keys, or a key and the URL, belong to different Supabase projects.",
    cure: "Copy the URL and all keys from the settings of one and the same project.",
  },
  ERR_KEY_SERVICE_AS_ANON: {
    cause: "The service_role key stands where the anon key belongs.",
    cure: "Swap it for the anon key or the publishable key. With the service_role key, policies would not apply.",
  },
  ERR_KEY_ANON_AS_SERVICE: {
    cause: "The anon key stands where the service_role key belongs.",
    cure: "Swap it for the service_role key or a secret key (sb_secret_…), or leave the slot empty.",
  },
  ERR_KEY_SECRET_AS_PUBLISHABLE: {
    cause: "A secret key (sb_secret_…) stands where the publishable key belongs.",
    cure: "Swap it for the publishable key (sb_publishable_…).",
  },
  ERR_KEY_PUBLISHABLE_AS_SECRET: {
    cause: "A publishable key (sb_publishable_…) stands where a secret belongs.",
    cure: "Swap it for the secret key (sb_secret_…), or for the JWT secret if the slot is the JWT secret's.",
  },
  ERR_KEY_MANAGEMENT_TOKEN: {
    cause:
      "A personal access token of the Supabase Management API (sbp_…) stands where a project's key belongs.",
    cure: "Use the project's own key, and revoke the token if it was shared.",
  },
  ERR_KEY_NOT_API_KEY: {
    cause: "The value in an API key's slot is no Supabase API key.",
    cure: "Use a key from Settings → API Keys: sb_publishable_… or sb_secret_…, or the legacy anon or service_role key.",
  },
  ERR_KEY_NOT_SIGNING_KEY: {
    cause: "The value in a signing key's slot cannot sign tokens.",
    cure: "Use the JWT secret, or a private JWK or PEM (made by `behalf keys new` or `supabase gen signing-key`).",
  },
  ERR_KEY_PUBLIC: {
    cause: "Only the public half of a key is there, and signing needs the private half.",
    cure: "Set the private JWK or the private PEM. Hosted Supabase never gives a private key out: make one and import it.",
  },
  ERR_KEY_KID_MISSING: {
    cause: "An asymmetric signing key has no key id, and Supabase picks the verifying key by id.",
    cure: 'Add "kid" to the JWK, or set SUPABASE_SIGNING_KEY_ID beside a PEM, as the imported key shows it.',
  },
  ERR_KEY_KID_DUPLICATE: {
    cause: "Two configured signing keys share one key id.",
    cure: "Give each key an id of its own, or remove the duplicate.",
  },
  ERR_KEY_MALFORMED: {
    cause: "A key is damaged: not JSON, a member is missing, or the numbers do not form a key.",
    cure: "Copy the key again, whole and unedited.",
  },
  ERR_KEY_UNSUPPORTED: {
    cause: "A key is of a kind or curve that behalf does not sign with.",
    cure: "Use HS256, ES256 (P-256), RS256 or EdDSA (Ed25519). A PEM must not be encrypted.",
  },
  ERR_KEY_WEAK: {
    cause: "A key is too short to be safe: an HS256 secret under 32 bytes, or RSA under 2048 bits.",
    cure: "Use the secret as the dashboard shows it, or a longer key.",
  },
  ERR_KEY_EXPIRED: {
    cause: "An API key is a token whose time has passed.",
    cure: "Copy the current key from the dashboard.",
  },
  ERR_KEY_SHARED: {
    cause:
      "One key serves two purposes: a grant key also signs tokens, or the broker's secret is one or the other.",
    cure: "Make a key for each: `behalf keys new --grant` for grants, `openssl rand -base64 32` for the broker.",
  },
  ERR_TOKEN_MALFORMED: {
    cause:
      "A token is not a well-formed JWT: truncated, not base64url, not JSON, or with a name given twice.",
    cure: "Pass the token unedited.",
  },
  ERR_TOKEN_TOO_LARGE: {
    cause: "A token, or the extra claims for one, exceeds what servers accept in a header.",
    cure: "Pass ids in claims rather than data, and read the data in the task.",
  },
  ERR_TOKEN_HEADER: {
    cause:
      "A token's header carries a parameter that could choose the key that verifies it (jwk, jku, x5u, crit, …).",
    cure: "Do not trust the token. Supabase's own tokens carry alg, kid and typ alone.",
  },
  ERR_TOKEN_ALGORITHM: {
    cause: "A token names an algorithm that is not its key's, such as none, or HS256 for an RSA key.",
    cure: "Do not trust the token.",
  },
  ERR_TOKEN_KEY_UNKNOWN: {
    cause: "A token names a key id that is not among the configured keys.",
    cure: "Add the key to the configured ones, or sign in again if the key was revoked.",
  },
  ERR_TOKEN_SIGNATURE: {
    cause: "A token's signature does not fit its content.",
    cure: "Do not trust the token. For one that behalf minted: the private and public half of the key do not match.",
  },
  ERR_TOKEN_EXPIRED: {
    cause: "A token's time has passed.",
    cure: "Get a new one. A client of asUser renews by itself.",
  },
  ERR_TOKEN_NOT_YET_VALID: {
    cause: "A token's time has not come: a clock is off, or the token is forged.",
    cure: "Synchronise the clocks.",
  },
  ERR_TOKEN_AUDIENCE: {
    cause: "A token is meant for somebody else: its aud is not `authenticated`.",
    cure: "Pass an access token of a signed-in user of this project.",
  },
  ERR_TOKEN_ISSUER: {
    cause: "A token was issued by another project or service.",
    cure: "Pass an access token of this project, or correct SUPABASE_URL.",
  },
  ERR_TOKEN_SUBJECT: {
    cause: "A token names no user, or names one with characters that cannot be an id.",
    cure: "Pass an access token of a signed-in user.",
  },
  ERR_TOKEN_ROLE_REFUSED: {
    cause:
      "A user's token was asked for with a role that passes over Row Level Security or owns the database.",
    cure: "Use authenticated or a least-privilege role of your own; for the service role call asService with a reason.",
  },
  ERR_TOKEN_CLAIM_RESERVED: {
    cause: "An extra claim would override one that behalf sets itself.",
    cure: "Rename the claim, or use the option of the same meaning (role, scope, actor, initiator, lifetime).",
  },
  ERR_TOKEN_CLAIM_MALFORMED: {
    cause: "Extra claims, an actor, an initiator or a scope is not of the expected shape or not JSON.",
    cure: "Correct the value that the message names.",
  },
  ERR_TOKEN_LIFETIME: {
    cause: "A lifetime is not a duration, or lies outside 1 second to 24 hours.",
    cure: 'Write "45s", "15m" or "1h", or a number of seconds. Long runs need no long lifetime: clients renew.',
  },
  ERR_USER_ID_INVALID: {
    cause: "The user id is missing, blank, not a string, or has characters that no id has.",
    cure: "Pass the id of the user, as in auth.users.id; check the task's payload for a misspelt field.",
  },
  ERR_USER_NOT_FOUND: {
    cause: "The project has no such user, or the user was deleted.",
    cure: "Stop the work. Nobody is left to act for.",
  },
  ERR_USER_BANNED: {
    cause: "The user is banned.",
    cure: "Stop the work, or lift the ban in Authentication → Users.",
  },
  ERR_USER_LOOKUP_FAILED: {
    cause:
      'With users: "lookup", the user could not be fetched: the auth server is unreachable or refused the key.',
    cure: "Check SUPABASE_URL and the secret key. The next call tries again.",
  },
  ERR_SERVICE_REASON: {
    cause: "The service role was asked for without a reason.",
    cure: 'Say why Row Level Security is passed over: asService({ reason: "nightly billing roll-up" }).',
  },
  ERR_GRANT_REQUIRED: {
    cause:
      "A plain user id was given where only a grant will do: requireGrant is on, or tokens come from a broker.",
    cure: "Make a grant where the user's request is (behalf.grant), pass it in the payload, and call asUser({ grant, payload }).",
  },
  ERR_GRANT_OPTIONS: {
    cause: "A grant was asked for, or used, with something that it cannot hold or that it decides itself.",
    cure: "Correct what the message names. Role, claims and initiator are said once, in behalf.grant.",
  },
  ERR_GRANT_LIFETIME: {
    cause: "A grant's expiresIn is not a duration, or lies outside 1 second to 30 days.",
    cure: 'Write "15m", "24h" or "7d", or a number of seconds: time in the queue, the run and its retries.',
  },
  ERR_GRANT_MALFORMED: {
    cause: "A grant is not what behalf.grant returned: cut, edited, not a string, or with fields missing.",
    cure: "Pass the grant unedited. Check that the queue or the schema keeps the whole field.",
  },
  ERR_GRANT_HEADER: {
    cause:
      "What was given as a grant is another kind of token, such as a user's access token, or its header chooses a key.",
    cure: "Pass what behalf.grant returned. An access token belongs in behalf.grant, on the server that has the request.",
  },
  ERR_GRANT_ALGORITHM: {
    cause: "A grant names an algorithm that is not its key's.",
    cure: "Do not trust the grant, or configure the same BEHALF_GRANT_KEY on both sides.",
  },
  ERR_GRANT_KEY_UNKNOWN: {
    cause: "A grant names a key that is not among those of BEHALF_GRANT_KEY.",
    cure: "Add the public half of the app's grant key to the worker's BEHALF_GRANT_KEY.",
  },
  ERR_GRANT_SIGNATURE: {
    cause: "A grant was edited, or sealed with another key than this side has.",
    cure: "Do not trust the grant. If every grant fails, the keys of the app and the worker differ.",
  },
  ERR_GRANT_EXPIRED: {
    cause: "A grant's time has passed: the work came too late, or took too long.",
    cure: "Ask the user again, or make grants with a longer expiresIn.",
  },
  ERR_GRANT_NOT_YET_VALID: {
    cause: "A grant is from the future: the clocks of the app and the worker differ.",
    cure: "Synchronise the clocks.",
  },
  ERR_GRANT_AUDIENCE: {
    cause: "A grant was made for another project or environment.",
    cure: "Use it where it was made for. BEHALF_GRANT_AUDIENCE, where set, must be the same on both sides.",
  },
  ERR_GRANT_TASK: {
    cause: "A grant was made for another task, or used outside of any.",
    cure: "Name every task that may use it in behalf.grant. Outside of a Trigger.dev run, pass the actor.",
  },
  ERR_GRANT_PAYLOAD: {
    cause: "A grant was made for another payload than the one the task got, or the payload wasn't given.",
    cure: "Trigger with the payload that the grant was made for, and pass it: asUser({ grant, payload }).",
  },
  ERR_GRANT_SCOPE: {
    cause: "A task asked for more than its grant, or an app for more than the user's token, is narrowed to.",
    cure: "Ask for words of the scope alone, or leave the scope out to get all of it.",
  },
  ERR_GRANT_USER: {
    cause: "The user that the payload names is not the one that its grant names.",
    cure: "Leave `user` out: the grant says who it is.",
  },
  ERR_GRANT_KEYS_UNREACHABLE: {
    cause: "The project's public keys, which verify the user's access token, could not be fetched.",
    cure: "Check SUPABASE_URL, or set SUPABASE_JWKS. The next call tries again.",
  },
  ERR_BROKER_UNREACHABLE: {
    cause: "The broker did not answer, or answered with a server error, several times in a row.",
    cure: "Check BEHALF_BROKER_URL and the broker's logs. A retry of the run tries again.",
  },
  ERR_BROKER_RATE_LIMITED: {
    cause: "This worker asks the broker for more tokens than it allows.",
    cure: "Retry later, or raise the broker's rateLimit.",
  },
  ERR_BROKER_CLIENT_REFUSED: {
    cause: "The broker does not know this worker, or its secret is wrong.",
    cure: "Set the same BEHALF_BROKER_SECRET (and client id) on both sides.",
  },
  ERR_BROKER_REFUSED: {
    cause: "The broker refused the exchange for a reason that has no code of its own.",
    cure: "Look at the broker's logs. A worker and a broker of different versions are a common reason.",
  },
  ERR_BROKER_RESPONSE: {
    cause: "What answered is no broker, or answered with a token that is not the user's.",
    cure: "Check that BEHALF_BROKER_URL leads to createBroker's handler and nothing rewrites its answers.",
  },
  ERR_AUDIT_MISSING: {
    cause:
      "Schema behalf isn't in the database, is older than the package, or isn't exposed by the project's API.",
    cure: "Run the migrations that `behalf sql` writes, and list behalf among the API's exposed schemas.",
  },
  ERR_AUDIT_READ: {
    cause: "The database refused to read the audit trail, or wasn't reached.",
    cure: "The message quotes it. All entries are for the service role and the trail's owner; a user reads those about their own rows.",
  },
} as const satisfies Record<`ERR_${string}`, ErrorEntry>;

/** Every code that behalf throws. The list with causes and cures is {@link errorTable}. */
export type BehalfErrorCode = keyof typeof errorTable;

type CodeOf<Area extends string> = Extract<BehalfErrorCode, `ERR_${Area}_${string}`>;

/**
 * The base of every error that behalf throws. `code` is stable; the message names cause and cure, and holds neither
 * a key, nor a token, nor a claim.
 *
 * @example
 * ```ts
 * try {
 *   await behalf.asUser(userId);
 * } catch (error) {
 *   if (error instanceof BehalfError && error.code === "ERR_USER_BANNED") return;
 *   throw error;
 * }
 * ```
 */
export class BehalfError extends Error {
  readonly code: BehalfErrorCode | (`ERR_${string}` & {});
  /** Whether the same call may succeed later with nothing changed: a network failure, not a refusal. */
  readonly transient: boolean;

  constructor(
    code: BehalfErrorCode | (`ERR_${string}` & {}),
    message: string,
    options?: ErrorOptions & { transient?: boolean },
  ) {
    super(message, options?.cause === undefined ? undefined : { cause: options.cause });
    this.name = new.target.name;
    this.code = code;
    this.transient = options?.transient ?? false;
  }

  toJSON(): { name: string; code: string; message: string } {
    return { name: this.name, code: this.code, message: this.message };
  }
}

function errorOf<Area extends string>() {
  return class extends BehalfError {
    declare readonly code: CodeOf<Area>;
    constructor(code: CodeOf<Area>, message: string, options?: ErrorOptions & { transient?: boolean }) {
      super(code, message, options);
    }
  };
}

/** The configuration is incomplete or contradicts itself. */
export class ConfigError extends errorOf<"CONFIG">() {}
/** A key is in the wrong slot or not usable. */
export class KeyError extends errorOf<"KEY">() {}
/** A token was refused, or can't be minted as asked. */
export class TokenError extends errorOf<"TOKEN">() {}
/** The user can't be acted for. */
export class UserError extends errorOf<"USER">() {}
/** The service role was asked for in a way that is refused. */
export class ServiceError extends errorOf<"SERVICE">() {}
/** A grant was refused, or can't be made as asked. */
export class GrantError extends errorOf<"GRANT">() {}
/** The broker refused, or can't be reached. */
export class BrokerError extends errorOf<"BROKER">() {}
/** The audit trail can't be read. */
export class AuditError extends errorOf<"AUDIT">() {}
