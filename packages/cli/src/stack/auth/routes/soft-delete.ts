import { createHash } from "node:crypto";
import type { Queryable } from "../database.js";
import { type UserRow, updateUser } from "../users.js";

/** Keeps the row, so that what refers to it stays, and takes everything personal out of it. */
export async function softDelete(database: Queryable, user: UserRow): Promise<void> {
  if (user.deleted_at) return;
  const obscure = (value: string | null) =>
    value === null ? null : createHash("sha256").update(`${user.id}${value}`).digest("base64url");
  await updateUser(database, user.id, {
    email: obscure(user.email),
    phone: obscure(user.phone)?.slice(0, 15) ?? null,
    encrypted_password: null,
    email_change: "",
    phone_change: "",
    raw_user_meta_data: {},
    raw_app_meta_data: {},
    deleted_at: new Date(),
  });
  for (const identity of user.identities) {
    await database.query("update auth.identities set identity_data = '{}', provider_id = $2 where id = $1", [
      identity.id,
      obscure(identity.provider_id),
    ]);
  }
}
