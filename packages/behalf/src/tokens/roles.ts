import { TokenError } from "../errors.js";

// Superusers, owners and every role with BYPASSRLS that Supabase or Postgres creates, and the roles of its services.
const refused = new Set([
  "service_role",
  "postgres",
  "authenticator",
  "dashboard_user",
  "pgbouncer",
  "supabase_admin",
  "supabase_auth_admin",
  "supabase_storage_admin",
  "supabase_functions_admin",
  "supabase_realtime_admin",
  "supabase_replication_admin",
  "supabase_read_only_user",
  "supabase_etl_admin",
  "supabase_privileged_role",
  "cli_login_postgres",
]);
const refusedPrefix = /^(?:pg_|supabase_|cli_login_|pgsodium_|pgtle_)/;

/**
 * Lets `authenticated`, `anon` and a project's own roles pass.
 *
 * @throws TokenError for a role that passes over Row Level Security or owns the database.
 */
export function checkRole(role: string): string {
  if (typeof role !== "string" || !/^[\p{L}_][\p{L}\p{N}_$-]*$/u.test(role) || Buffer.byteLength(role) > 63)
    throw new TokenError("ERR_TOKEN_CLAIM_MALFORMED", "The role is not the name of a database role.");
  const name = role.toLowerCase();
  if (refused.has(name) || refusedPrefix.test(name))
    throw new TokenError(
      "ERR_TOKEN_ROLE_REFUSED",
      "asUser mints no token for a role that passes over Row Level Security or belongs to the platform. " +
        "Use authenticated or a role of your own; for the service role call asService with a reason.",
    );
  return role;
}
