import { Hono } from "hono";
import { inTransaction } from "../database.js";
import { AuthFailure } from "../failure.js";
import { Input } from "../input.js";
import { matchesPassword } from "../passwords.js";
import { type Client, refreshSession, type SessionJson, startSession } from "../sessions.js";
import type { AuthContext, AuthEnv } from "../types.js";
import { findUser } from "../users.js";
import { clientOf } from "./client-of.js";

/** GoTrue knows them; they end what begins with another provider, or a wallet. */
const absentGrants = new Set(["pkce", "id_token", "web3"]);

/** `POST /token`: sign in with a password, or exchange a refresh token. */
export function tokenRoutes(context: AuthContext): Hono<AuthEnv> {
  return new Hono<AuthEnv>().post("/token", async (c) => {
    const grant = c.req.query("grant_type");
    if (grant === "password") return c.json(await signIn(context, await Input.of(c), clientOf(c)));
    if (grant === "refresh_token") {
      const token = (await Input.of(c)).text("refresh_token") ?? "";
      if (!/^[a-z0-9]{12}$/.test(token))
        throw new AuthFailure(400, "validation_failed", "Refresh token is not valid");
      return c.json(await refreshSession(context, token, clientOf(c)));
    }
    if (grant && absentGrants.has(grant))
      throw new AuthFailure(
        404,
        "not_found",
        `The grant type ${grant} is not part of the embedded auth: nothing here talks to other providers.`,
      );
    throw new AuthFailure(400, "invalid_credentials", "unsupported_grant_type");
  });
}

async function signIn(context: AuthContext, input: Input, client: Client): Promise<SessionJson> {
  const { pool } = context;
  const [email, phone] = [input.text("email"), input.text("phone")];
  if (email && phone)
    throw new AuthFailure(
      400,
      "validation_failed",
      "Only an email address or phone number should be provided on login.",
    );
  if (!email && !phone) throw new AuthFailure(400, "validation_failed", "missing email or phone");
  const user = email
    ? await findUser(pool, "email", email)
    : await findUser(pool, "phone", (phone as string).replace(/^\+/, "").replaceAll(" ", ""));
  const wrong = new AuthFailure(400, "invalid_credentials", "Invalid login credentials");
  if (!user?.encrypted_password) throw wrong;
  if (user.is_banned) throw new AuthFailure(400, "user_banned", "User is banned");
  if (!(await matchesPassword(pool, input.text("password") ?? "", user.encrypted_password))) throw wrong;
  if (email && !user.email_confirmed_at)
    throw new AuthFailure(400, "email_not_confirmed", "Email not confirmed");
  if (phone && !user.phone_confirmed_at)
    throw new AuthFailure(400, "phone_not_confirmed", "Phone not confirmed");
  return inTransaction(pool, (database) => startSession(database, context, user, "password", client));
}
