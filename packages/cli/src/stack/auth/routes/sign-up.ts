import { randomUUID } from "node:crypto";
import { Hono } from "hono";
import { inTransaction, type Queryable } from "../database.js";
import { AuthFailure, unexpected } from "../failure.js";
import { Input } from "../input.js";
import { checkStrength, hashPassword } from "../passwords.js";
import { type Client, type SessionJson, startSession } from "../sessions.js";
import type { AuthContext, AuthEnv } from "../types.js";
import { findUser, insertUser, saveIdentity, type UserRow, userJson } from "../users.js";
import { clientOf } from "./client-of.js";

/** `POST /signup`: with an email and a password, or with neither for an anonymous user. */
export function signUpRoutes(context: AuthContext): Hono<AuthEnv> {
  return new Hono<AuthEnv>().post("/signup", async (c) => {
    const { config } = context;
    const input = await Input.of(c);
    if (!input.text("email") && !input.text("phone")) {
      if (!config.enableAnonymousSignIns)
        throw new AuthFailure(422, "anonymous_provider_disabled", "Anonymous sign-ins are disabled");
      checkOpen(config.enableSignup);
      return c.json(await signUpAnonymously(context, input, clientOf(c)));
    }
    checkOpen(config.enableSignup);
    return c.json(await signUpByEmail(context, input, clientOf(c)));
  });
}

function checkOpen(enabled: boolean): void {
  if (!enabled) throw new AuthFailure(422, "signup_disabled", "Signups not allowed for this instance");
}

async function signUpAnonymously(context: AuthContext, input: Input, client: Client): Promise<SessionJson> {
  return inTransaction(context.pool, async (database) => {
    const user = await createUser(database, {
      encrypted_password: "",
      raw_app_meta_data: {},
      raw_user_meta_data: input.object("data") ?? {},
      is_anonymous: true,
    });
    return startSession(database, context, user, "anonymous", client);
  });
}

async function signUpByEmail(
  context: AuthContext,
  input: Input,
  client: Client,
): Promise<SessionJson | Record<string, unknown>> {
  const { config, pool } = context;
  const password = input.text("password");
  if (!password) throw new AuthFailure(400, "validation_failed", "Signup requires a valid password");
  checkStrength(password, config);
  if (input.text("phone"))
    throw new AuthFailure(400, "phone_provider_disabled", "Phone signups are disabled");
  if (!config.enableEmailSignup)
    throw new AuthFailure(400, "email_provider_disabled", "Email signups are disabled");
  const email = input.email() as string;
  const encrypted = await hashPassword(pool, password);
  const data = input.object("data") ?? {};

  return inTransaction(pool, async (database) => {
    // Two sign-ups of one address at the same moment: the second waits and finds the user there.
    await database.query("select pg_advisory_xact_lock(hashtext($1))", [`sign-up ${email}`]);
    const existing = await findUser(database, "email", email);
    if (existing && (existing.email_confirmed_at || !config.confirmEmail)) {
      if (!config.confirmEmail) throw new AuthFailure(422, "user_already_exists", "User already registered");
      return lookalike(email, data);
    }
    const user =
      existing ??
      (await createUser(database, {
        email,
        encrypted_password: encrypted,
        email_confirmed_at: config.confirmEmail ? null : new Date(),
        confirmation_sent_at: config.confirmEmail ? new Date() : null,
        raw_app_meta_data: { provider: "email", providers: ["email"] },
        raw_user_meta_data: data,
      }));
    if (!existing) {
      const verified = { email, email_verified: !config.confirmEmail };
      await saveIdentity(database, user, "email", { ...data, sub: user.id, ...verified });
    }
    if (config.confirmEmail) return userJson((await findUser(database, "id", user.id)) ?? user);
    return startSession(database, context, user, "password", client);
  });
}

/** Nobody learns from a sign-up whether an address is registered: a confirmed one gets an answer of the same shape. */
function lookalike(email: string, data: Record<string, unknown>): Record<string, unknown> {
  const now = new Date().toISOString();
  return {
    id: randomUUID(),
    aud: "authenticated",
    role: "",
    email,
    phone: "",
    confirmation_sent_at: now,
    app_metadata: { provider: "email", providers: ["email"] },
    user_metadata: data,
    identities: [],
    created_at: now,
    updated_at: now,
    is_anonymous: false,
  };
}

async function createUser(database: Queryable, values: Record<string, unknown>): Promise<UserRow> {
  const id = randomUUID();
  try {
    await insertUser(database, { id, aud: "authenticated", role: "authenticated", ...values });
  } catch (error) {
    // A trigger of the project's own on auth.users is the usual reason.
    throw unexpected("Database error saving new user", error);
  }
  return (await findUser(database, "id", id)) as UserRow;
}
