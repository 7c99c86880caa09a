/** `error`: work fails, or rows are open. `warn`: it works, and will hurt. `info`: worth knowing. */
export type FindingLevel = "error" | "warn" | "info";

/** What the doctor knows of one fault, whatever place it is found in. */
export interface FaultEntry {
  readonly level: FindingLevel;
  readonly why: string;
  readonly cure: string;
}

/** Every fault that the doctor knows by itself. Those of the environment carry behalf's own codes: see {@link DoctorCode}. */
export const faults = {
  DOCTOR_PROJECT_UNREACHABLE: {
    level: "error",
    why: "The project didn't answer, so no task can reach it either.",
    cure: "Check SUPABASE_URL. A paused project has to be restored in the dashboard.",
  },
  DOCTOR_API_KEY_REFUSED: {
    level: "error",
    why: "The project refuses this API key: it was revoked, or is another project's.",
    cure: "Copy the key again from Project Settings → API Keys.",
  },
  DOCTOR_TOKEN_REFUSED: {
    level: "error",
    why: "The project refuses a token that was just minted, so every task that acts as a user fails.",
    cure: "Copy the signing key or the JWT secret of this very project; a rotated key may have been revoked.",
  },
  DOCTOR_SIGNING_KEY_UNKNOWN: {
    level: "error",
    why: "The project's public keys hold none with the key id that tokens are signed with.",
    cure: "Import the key under Project Settings → JWT Keys and rotate to it, or configure the one that is there.",
  },
  DOCTOR_SIGNING_LEGACY: {
    level: "info",
    why: "The project has asymmetric signing keys, and tokens are still signed with the legacy secret.",
    cure: "Import a key of your own (`supabase gen signing-key`), and set SUPABASE_SIGNING_KEY before the legacy secret is revoked.",
  },
  DOCTOR_ROLE_UNREACHED: {
    level: "error",
    why: "A minted token doesn't reach the role it names, so policies `to authenticated` give no rows and no error.",
    cure: "Let PostgREST read the role from the claim `role` (jwt-role-claim-key), and grant authenticated to authenticator.",
  },
  DOCTOR_CLOCK_SKEW: {
    level: "warn",
    why: "This machine's clock and the project's differ. Behalf makes up for it once it has had an answer; Storage and Realtime allow no difference at all.",
    cure: "Synchronise the clock (NTP).",
  },
  DOCTOR_ROLES_MISSING: {
    level: "error",
    why: "The database lacks the roles that Supabase's services switch to.",
    cure: "Check SUPABASE_DB_URL: this is no Supabase project's database.",
  },
  DOCTOR_RLS_OFF: {
    level: "error",
    why: "Row Level Security is off, so whoever holds the public API key gets every row that the grants allow.",
    cure: "alter table … enable row level security; and write its policies.",
  },
  DOCTOR_RLS_WITHOUT_POLICY: {
    level: "warn",
    why: "Row Level Security is on and there is no policy: users get no rows and no error, though the table is granted to them.",
    cure: "Write a policy, or revoke the grants if only the service role should reach it.",
  },
  DOCTOR_POLICY_WITHOUT_TO: {
    level: "warn",
    why: "A policy without TO is for every role: it is evaluated for anon too, and hides that a token came without a role.",
    cure: "alter policy … to authenticated; (or to anon, authenticated where that is meant)",
  },
  DOCTOR_POLICY_NOT_WRAPPED: {
    level: "warn",
    why: "The policy calls the function for each row instead of once for each statement.",
    cure: "Write (select auth.uid()) instead of auth.uid(). `behalf doctor --fix` writes the migration.",
  },
  DOCTOR_POLICY_CLAIM_MISSING: {
    level: "warn",
    why: "The policy reads a claim that minted tokens don't carry, so a task gets no rows where the user would.",
    cure: 'Pass it (asUser(id, { claims })), or set BEHALF_USERS to "lookup" for email, phone, app_metadata and user_metadata.',
  },
  DOCTOR_POLICY_USER_METADATA: {
    level: "error",
    why: "The policy trusts user_metadata, which every user can edit.",
    cure: "Keep what policies rely on in app_metadata or in a table.",
  },
  DOCTOR_GRANT_MISSING: {
    level: "error",
    why: "A policy lets the role in, and no grant does: every request fails with 42501.",
    cure: "grant … on … to …;",
  },
  DOCTOR_SEQUENCE_GRANT_MISSING: {
    level: "error",
    why: "The role may insert and not use the sequence that a column's default draws from: inserts fail with 42501.",
    cure: "grant usage on sequence … to …; or make the column an identity.",
  },
  DOCTOR_DEFINER_FUNCTION: {
    level: "warn",
    why: "The function can be called through the API and runs with its owner's rights: policies and behalf.narrow() don't reach what it does.",
    cure: "Make it security invoker, move it to a schema that isn't exposed, or revoke execute from public, anon and authenticated.",
  },
  DOCTOR_DEFINER_VIEW: {
    level: "error",
    why: "The view reads with its owner's rights: policies and behalf.narrow() of the tables below don't apply to whoever asks.",
    cure: "alter view … set (security_invoker = true);",
  },
  DOCTOR_NO_RLS_POSSIBLE: {
    level: "warn",
    why: "Policies can't be put on a materialized view or a foreign table: whoever may select gets every row.",
    cure: "Revoke it from anon and authenticated, or move it to a schema that isn't exposed.",
  },
  DOCTOR_ROLE_BYPASSES_RLS: {
    level: "error",
    why: "A token may name this role, and policies don't apply to it.",
    cure: "alter role … nobypassrls; or revoke the role from whoever shouldn't have it.",
  },
  DOCTOR_CODE_SECRET_IN_BUNDLE: {
    level: "error",
    why: "What is built to be published holds a secret.",
    cure: "Treat the secret as leaked: rotate it, then read it on the server only.",
  },
  DOCTOR_CODE_TOKEN_WITHOUT_ROLE: {
    level: "error",
    why: "The token that is signed here has no role, so the database takes the request for anon: policies `to authenticated` give no rows and no error.",
    cure: "const supabase = await behalf.asUser(userId);",
  },
  DOCTOR_CODE_FIXED_TOKEN: {
    level: "warn",
    why: "The token is put into a header once: a run that outlives it fails half-way.",
    cure: "const supabase = await behalf.asUser(userId); its token renews by itself.",
  },
  DOCTOR_CODE_SERVICE_CLIENT: {
    level: "warn",
    why: "The service role passes over every policy here, and the audit trail can't say why or for which run.",
    cure: 'behalf.asUser(userId) where the work is a user\'s, else behalf.asService({ reason: "…" }).',
  },
} as const satisfies Record<`DOCTOR_${string}`, FaultEntry>;
