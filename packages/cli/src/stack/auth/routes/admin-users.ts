import { randomUUID } from "node:crypto";
import { type Context, Hono } from "hono";
import { isUuid, requireAdmin } from "../bearer.js";
import { inTransaction } from "../database.js";
import { AuthFailure, unexpected } from "../failure.js";
import { Input, parseBanDuration } from "../input.js";
import { hashPassword, unusableHash } from "../passwords.js";
import { endSessions } from "../sessions.js";
import type { AuthContext, AuthEnv } from "../types.js";
import {
  findUser,
  insertUser,
  listUsers,
  mergeMetadata,
  saveIdentity,
  type UserRow,
  userJson,
} from "../users.js";
import { updateByAdmin } from "./admin-update.js";
import { softDelete } from "./soft-delete.js";

/** `/admin/users`: what `supabase.auth.admin` calls with a secret key. */
export function adminUserRoutes(context: AuthContext): Hono<AuthEnv> {
  const app = new Hono<AuthEnv>();
  app.use("/admin/*", requireAdmin(context));
  app.get("/admin/users", (c) => answerList(context, c));
  app.post("/admin/users", async (c) => c.json(userJson(await createByAdmin(context, await Input.of(c)))));
  app.get("/admin/users/:id", async (c) => c.json(userJson(await load(context, c.req.param("id")))));
  app.put("/admin/users/:id", async (c) => {
    const user = await load(context, c.req.param("id"));
    return c.json(userJson(await updateByAdmin(context, user, await Input.of(c))));
  });
  app.delete("/admin/users/:id", async (c) => {
    const user = await load(context, c.req.param("id"));
    const soft = (await c.req.text()) === "" ? false : (await Input.of(c)).flag("should_soft_delete");
    await inTransaction(context.pool, async (database) => {
      if (soft) await softDelete(database, user);
      else await database.query("delete from auth.users where id = $1", [user.id]);
      await endSessions(database, user.id, "global", undefined);
    });
    return c.json({});
  });
  app.get("/admin/users/:id/factors", async (c) => {
    await load(context, c.req.param("id"));
    return c.json([]);
  });
  return app;
}

async function load({ pool }: AuthContext, id: string): Promise<UserRow> {
  if (!isUuid(id)) throw new AuthFailure(404, "validation_failed", "user_id must be an UUID");
  const user = await findUser(pool, "id", id);
  if (!user) throw new AuthFailure(404, "user_not_found", "User not found");
  return user;
}

async function answerList({ pool }: AuthContext, c: Context<AuthEnv>): Promise<Response> {
  const page = pageNumber(c.req.query("page"), 1);
  const perPage = pageNumber(c.req.query("per_page"), 50);
  const { users, total } = await listUsers(pool, { page, perPage, filter: c.req.query("filter") ?? "" });
  const last = Math.ceil(total / perPage);
  const link = (to: number, rel: string) => `</admin/users?page=${to}&per_page=${perPage}>; rel="${rel}"`;
  c.header("x-total-count", `${total}`);
  c.header("link", [...(last > page ? [link(page + 1, "next")] : []), link(last, "last")].join(", "));
  c.header("access-control-expose-headers", "X-Total-Count, Link, X-Supabase-Api-Version");
  return c.json({ users: users.map(userJson), aud: "authenticated" });
}

function pageNumber(text: string | undefined, fallback: number): number {
  if (!text) return fallback;
  if (/^\d{1,9}$/.test(text)) return Number(text) || fallback;
  throw new AuthFailure(
    400,
    "validation_failed",
    `Bad Pagination Parameters: "${text}" is no number, or out of range`,
  );
}

async function createByAdmin({ pool }: AuthContext, input: Input): Promise<UserRow> {
  const [email, phone, password, hash] = [
    input.email(),
    input.phone(),
    input.text("password"),
    input.text("password_hash"),
  ];
  const refuse = (message: string) => new AuthFailure(400, "validation_failed", message);
  if (!email && !phone) throw refuse("Cannot create a user without either an email or phone");
  if (password && hash) throw refuse("Only a password or a password hash should be provided");
  if (password && Buffer.byteLength(password) > 72) throw refuse("bcrypt: password length exceeds 72 bytes");
  if (hash && !/^\$2[aby]\$\d\d\$[./A-Za-z0-9]{53}$/.test(hash))
    throw refuse("The password hash is no bcrypt hash");
  const id = input.text("id") || randomUUID();
  if (!isUuid(id)) throw refuse("ID must conform to the uuid v4 format");
  if (email && (await findUser(pool, "email", email)))
    throw new AuthFailure(422, "email_exists", "A user with this email address has already been registered");
  if (phone && (await findUser(pool, "phone", phone)))
    throw new AuthFailure(422, "phone_exists", "Phone number already registered by another user");

  const ban = parseBanDuration(input.text("ban_duration") ?? "none");
  const providers = [...(email ? (["email"] as const) : []), ...(phone ? (["phone"] as const) : [])];
  const encrypted = hash ?? (password ? await hashPassword(pool, password) : unusableHash());
  const confirmed = { email: input.flag("email_confirm"), phone: input.flag("phone_confirm") };
  try {
    return await inTransaction(pool, async (database) => {
      await insertUser(database, {
        id,
        aud: input.text("aud") || "authenticated",
        role: input.text("role") || "authenticated",
        email: email ?? null,
        phone: phone ?? null,
        encrypted_password: encrypted,
        email_confirmed_at: confirmed.email ? new Date() : null,
        phone_confirmed_at: confirmed.phone ? new Date() : null,
        banned_until: ban === 0 ? null : new Date(Date.now() + ban * 1000),
        raw_user_meta_data: input.object("user_metadata") ?? {},
        raw_app_meta_data: mergeMetadata(
          { provider: providers[0], providers },
          input.object("app_metadata") ?? {},
        ),
      });
      if (email) await saveIdentity(database, { id }, "email", { email });
      if (phone) await saveIdentity(database, { id }, "phone", { phone });
      return (await findUser(database, "id", id)) as UserRow;
    });
  } catch (error) {
    throw unexpected("Database error creating new user", error);
  }
}
