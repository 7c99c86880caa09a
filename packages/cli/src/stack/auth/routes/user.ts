import { Hono } from "hono";
import { requireUser } from "../bearer.js";
import { inTransaction, type Queryable } from "../database.js";
import { AuthFailure } from "../failure.js";
import { Input } from "../input.js";
import { checkStrength, hashPassword, matchesPassword } from "../passwords.js";
import { endSessions, type LogoutScope } from "../sessions.js";
import type { AuthContext, AuthEnv } from "../types.js";
import { findUser, mergeMetadata, saveIdentity, type UserRow, updateUser, userJson } from "../users.js";

const scopes = new Set(["global", "local", "others"]);

/** What a signed-in user asks of their own account: `GET` and `PUT /user`, `POST /logout`. */
export function userRoutes(context: AuthContext): Hono<AuthEnv> {
  const app = new Hono<AuthEnv>();
  const signedIn = requireUser(context);
  app.get("/user", signedIn, (c) => {
    const { aud } = c.var.claims;
    if (!(Array.isArray(aud) ? aud[0] : aud))
      throw new AuthFailure(400, "validation_failed", "Token audience doesn't match request audience");
    return c.json(userJson(c.var.user));
  });
  app.put("/user", signedIn, async (c) =>
    c.json(userJson(await updateOwn(context, c.var.user, c.var.sessionId, await Input.of(c)))),
  );
  app.post("/logout", signedIn, async (c) => {
    const scope = c.req.query("scope") || "global";
    if (!scopes.has(scope))
      throw new AuthFailure(400, "validation_failed", `Unsupported logout scope "${scope}"`);
    await endSessions(context.pool, c.var.user.id, scope as LogoutScope, c.var.sessionId);
    return c.body(null, 204);
  });
  return app;
}

async function updateOwn(
  context: AuthContext,
  user: UserRow,
  sessionId: string | undefined,
  input: Input,
): Promise<UserRow> {
  const { pool, config } = context;
  const email = input.email();
  const password = input.text("password");
  const data = input.object("data");
  if (input.phone()) throw new AuthFailure(400, "phone_provider_disabled", "Phone logins are disabled");
  if (input.object("app_metadata"))
    throw new AuthFailure(403, "not_admin", "Updating app_metadata requires admin privileges");
  if (password !== undefined) await checkNewPassword(context, user, password, email);

  const newEmail = email && email !== user.email ? email : undefined;
  if (newEmail && (await findUser(pool, "email", newEmail)))
    throw new AuthFailure(422, "email_exists", "A user with this email address has already been registered");
  const encrypted = password === undefined ? undefined : await hashPassword(pool, password);

  return inTransaction(pool, async (database) => {
    if (encrypted !== undefined) {
      await updateUser(database, user.id, { encrypted_password: encrypted });
      await endSessions(database, user.id, "others", sessionId);
    }
    if (data)
      await updateUser(database, user.id, {
        raw_user_meta_data: mergeMetadata(user.raw_user_meta_data, data),
      });
    if (newEmail && user.is_anonymous && !config.confirmEmail) await makePermanent(database, user, newEmail);
    else if (newEmail)
      await updateUser(database, user.id, { email_change: newEmail, email_change_sent_at: new Date() });
    return (await findUser(database, "id", user.id)) ?? user;
  });
}

async function checkNewPassword(
  { pool, config }: AuthContext,
  user: UserRow,
  password: string,
  email: string | undefined,
): Promise<void> {
  checkStrength(password, config);
  if (user.is_anonymous && !email) {
    throw new AuthFailure(
      422,
      "validation_failed",
      "Updating password of an anonymous user without an email or phone is not allowed",
    );
  }
  if (user.encrypted_password && (await matchesPassword(pool, password, user.encrypted_password)))
    throw new AuthFailure(422, "same_password", "New password should be different from the old password.");
}

/** An anonymous user who gives an address becomes an ordinary one, with the same id and rows. */
async function makePermanent(database: Queryable, user: UserRow, email: string): Promise<void> {
  await saveIdentity(database, user, "email", { email, email_verified: true });
  await updateUser(database, user.id, {
    email,
    email_confirmed_at: new Date(),
    is_anonymous: false,
    raw_app_meta_data: mergeMetadata(user.raw_app_meta_data, { provider: "email", providers: ["email"] }),
  });
}
