import type { MiddlewareHandler } from "hono";
import { AuthFailure } from "./failure.js";
import type { AuthContext, AuthEnv, BearerClaims } from "./types.js";
import { findUser } from "./users.js";

const uuid = /^[0-9a-f]{8}-?(?:[0-9a-f]{4}-?){3}[0-9a-f]{12}$/i;
export const isUuid = (text: string) => uuid.test(text);

async function readClaims(context: AuthContext, authorization: string | undefined): Promise<BearerClaims> {
  const token = /^Bearer (\S+)$/i.exec(authorization ?? "")?.[1];
  if (!token) throw new AuthFailure(401, "no_authorization", "This endpoint requires a valid Bearer token");
  return context.tokens.verify(token);
}

/** Lets the service role in, and nobody else. */
export function requireAdmin(context: AuthContext): MiddlewareHandler<AuthEnv> {
  return async (c, next) => {
    const claims = await readClaims(context, c.var.authorization);
    if (claims.role !== "service_role" && claims.role !== "supabase_admin")
      throw new AuthFailure(403, "not_admin", "User not allowed");
    await next();
  };
}

/** Lets a signed-in user in: one who exists, isn't banned, and whose session (where the token names one) hasn't ended. */
export function requireUser(context: AuthContext): MiddlewareHandler<AuthEnv> {
  return async (c, next) => {
    const claims = await readClaims(context, c.var.authorization);
    if (!claims.sub) throw new AuthFailure(403, "bad_jwt", "invalid claim: missing sub claim");
    if (!isUuid(claims.sub)) throw new AuthFailure(400, "bad_jwt", "invalid claim: sub claim must be a UUID");
    const user = await findUser(context.pool, "id", claims.sub);
    if (!user) throw new AuthFailure(403, "user_not_found", "User from sub claim in JWT does not exist");
    if (claims.session_id) await checkSession(context, claims.session_id);
    if (user.is_banned) throw new AuthFailure(403, "user_banned", "User is banned");
    c.set("claims", claims);
    c.set("user", user);
    c.set("sessionId", claims.session_id || undefined);
    await next();
  };
}

async function checkSession({ pool }: AuthContext, sessionId: string): Promise<void> {
  if (!isUuid(sessionId))
    throw new AuthFailure(403, "bad_jwt", "invalid claim: session_id claim must be a UUID");
  const { rowCount } = await pool.query("select from auth.sessions where id = $1", [sessionId]);
  if (rowCount === 0)
    throw new AuthFailure(403, "session_not_found", "Session from session_id claim in JWT does not exist");
}
