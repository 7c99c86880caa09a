import { randomInt, randomUUID } from "node:crypto";
import type { Pool } from "pg";
import { inTransaction, type Queryable } from "./database.js";
import { AuthFailure } from "./failure.js";
import type { AuthContext } from "./types.js";
import { findUser, type UserRow, userJson } from "./users.js";

/** Where a sign-in or refresh comes from, kept with the session. */
export interface Client {
  userAgent: string | undefined;
  ip: string | undefined;
}

/** What GoTrue answers a sign-in with. */
export type SessionJson = Record<string, unknown>;

const alphabet = "abcdefghijklmnopqrstuvwxyz0123456789";
const newRefreshToken = () => Array.from({ length: 12 }, () => alphabet[randomInt(alphabet.length)]).join("");

/** Signs a user in: a session, its first refresh token, and an access token. Call it inside a transaction. */
export async function startSession(
  database: Queryable,
  { tokens }: AuthContext,
  user: UserRow,
  method: "password" | "anonymous",
  client: Client,
): Promise<SessionJson> {
  const sessionId = randomUUID();
  const refreshToken = newRefreshToken();
  await database.query(
    `insert into auth.sessions (id, user_id, created_at, updated_at, aal, user_agent, ip)
     values ($1, $2, now(), now(), 'aal1', $3, $4)`,
    [sessionId, user.id, client.userAgent, client.ip],
  );
  await database.query(
    `insert into auth.mfa_amr_claims (id, session_id, created_at, updated_at, authentication_method)
     values ($1, $2, now(), now(), $3)`,
    [randomUUID(), sessionId, method],
  );
  await insertRefreshToken(database, { token: refreshToken, userId: user.id, sessionId, parent: null });
  await database.query("update auth.users set last_sign_in_at = now(), updated_at = now() where id = $1", [
    user.id,
  ]);
  const signedIn = (await findUser(database, "id", user.id)) ?? user;
  return sessionJson(database, tokens, signedIn, sessionId, refreshToken);
}

/**
 * Exchanges a refresh token. A token is good for one exchange; used again it gives what it gave before when the client
 * evidently missed that answer, within the reuse interval a sibling, and after that it ends the whole family: somebody has a copy.
 */
export async function refreshSession(
  context: AuthContext,
  refreshToken: string,
  client: Client,
): Promise<SessionJson> {
  const { pool, config, tokens } = context;
  const result = await inTransaction(pool, async (database) => {
    const token = await lockRefreshToken(database, refreshToken);
    const user = token && (await findUser(database, "id", token.user_id));
    if (!token || !user)
      throw new AuthFailure(400, "refresh_token_not_found", "Invalid Refresh Token: Refresh Token Not Found");
    if (user.is_banned) throw new AuthFailure(400, "user_banned", "Invalid Refresh Token: User Banned");
    if (!token.session_id)
      throw new AuthFailure(400, "session_not_found", "Invalid Refresh Token: No Valid Session Found");
    if (token.expired)
      throw new AuthFailure(400, "session_expired", "Invalid Refresh Token: Session Expired");

    let issued: string | undefined;
    if (token.revoked) {
      const active = await findActiveToken(database, token.session_id);
      if (active?.parent === refreshToken) issued = active.token;
      else if (token.age > config.refreshTokenReuseInterval) {
        if (config.refreshTokenRotation) await revokeFamily(database, token.session_id);
        // Returned, not thrown: the revocation must be committed.
        return new AuthFailure(400, "refresh_token_already_used", "Invalid Refresh Token: Already Used");
      }
    }
    if (issued === undefined) {
      issued = newRefreshToken();
      await database.query(
        "update auth.refresh_tokens set revoked = true, updated_at = now() where id = $1",
        [token.id],
      );
      await insertRefreshToken(database, {
        token: issued,
        userId: user.id,
        sessionId: token.session_id,
        parent: refreshToken,
      });
    }
    await database.query(
      "update auth.sessions set refreshed_at = now() at time zone 'utc', updated_at = now(), user_agent = $2, ip = $3 where id = $1",
      [token.session_id, client.userAgent, client.ip],
    );
    return sessionJson(database, tokens, user, token.session_id, issued);
  });
  if (result instanceof AuthFailure) throw result;
  return result;
}

export type LogoutScope = "global" | "local" | "others";

/** Ends sessions; their refresh tokens go with them. Without a session of its own every scope means all. */
export async function endSessions(
  database: Queryable | Pool,
  userId: string,
  scope: LogoutScope,
  sessionId: string | undefined,
): Promise<void> {
  const condition =
    sessionId === undefined || scope === "global" ? "" : scope === "local" ? "and id = $2" : "and id <> $2";
  await database.query(
    `delete from auth.sessions where user_id = $1 ${condition}`,
    condition ? [userId, sessionId] : [userId],
  );
}

interface LockedToken {
  id: string;
  user_id: string;
  session_id: string | null;
  revoked: boolean;
  /** Seconds since it was last touched: for a revoked token, since it was exchanged. */
  age: number;
  expired: boolean;
}

async function lockRefreshToken(database: Queryable, token: string): Promise<LockedToken | undefined> {
  // Of two exchanges at the same time the second waits here and then sees what the first did.
  await database.query(
    `select from auth.sessions s where s.id = (select session_id from auth.refresh_tokens where token = $1) for update`,
    [token],
  );
  const { rows } = await database.query<LockedToken>(
    `select t.id, t.user_id, s.id as session_id, coalesce(t.revoked, false) as revoked,
            extract(epoch from now() - t.updated_at)::float8 as age, coalesce(s.not_after < now(), false) as expired
     from auth.refresh_tokens t left join auth.sessions s on s.id = t.session_id
     where t.token = $1`,
    [token],
  );
  return rows[0];
}

async function findActiveToken(
  database: Queryable,
  sessionId: string,
): Promise<{ token: string; parent: string | null } | undefined> {
  const { rows } = await database.query<{ token: string; parent: string | null }>(
    "select token, parent from auth.refresh_tokens where session_id = $1 and not revoked order by id desc limit 1",
    [sessionId],
  );
  return rows[0];
}

async function revokeFamily(database: Queryable, sessionId: string): Promise<void> {
  await database.query(
    "update auth.refresh_tokens set revoked = true, updated_at = now() where session_id = $1 and not revoked",
    [sessionId],
  );
}

async function insertRefreshToken(
  database: Queryable,
  {
    token,
    userId,
    sessionId,
    parent,
  }: { token: string; userId: string; sessionId: string; parent: string | null },
): Promise<void> {
  await database.query(
    `insert into auth.refresh_tokens (instance_id, token, user_id, session_id, parent, revoked, created_at, updated_at)
     values ('00000000-0000-0000-0000-000000000000', $1, $2, $3, $4, false, now(), clock_timestamp())`,
    [token, userId, sessionId, parent],
  );
}

async function sessionJson(
  database: Queryable,
  tokens: AuthContext["tokens"],
  user: UserRow,
  sessionId: string,
  refreshToken: string,
): Promise<SessionJson> {
  const { rows: amr } = await database.query<{ method: string; timestamp: number }>(
    `select authentication_method as method, extract(epoch from updated_at)::int as timestamp
     from auth.mfa_amr_claims where session_id = $1 order by updated_at desc`,
    [sessionId],
  );
  const { token, expiresAt } = await tokens.sign(user, { sessionId, amr });
  return {
    access_token: token,
    token_type: "bearer",
    expires_in: expiresAt - Math.floor(Date.now() / 1000),
    expires_at: expiresAt,
    refresh_token: refreshToken,
    user: userJson(user),
  };
}
