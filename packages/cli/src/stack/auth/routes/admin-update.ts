import { inTransaction } from "../database.js";
import { unexpected } from "../failure.js";
import { type Input, parseBanDuration } from "../input.js";
import { checkStrength, hashPassword } from "../passwords.js";
import { endSessions } from "../sessions.js";
import type { AuthContext } from "../types.js";
import { findUser, mergeMetadata, saveIdentity, type UserRow, updateUser } from "../users.js";

/** `PUT /admin/users/:id`. A new password ends the user's sessions; a ban keeps them from being renewed. */
export async function updateByAdmin(context: AuthContext, user: UserRow, input: Input): Promise<UserRow> {
  const { pool, config } = context;
  const [email, phone, password] = [input.email(), input.phone(), input.text("password")];
  const ban = input.text("ban_duration");
  const banSeconds = ban ? parseBanDuration(ban) : undefined;
  if (password !== undefined) checkStrength(password, config);
  const encrypted = password === undefined ? undefined : await hashPassword(pool, password);
  const emailConfirm = input.flag("email_confirm");
  const phoneConfirm = input.flag("phone_confirm");
  const [appMetadata, userMetadata] = [input.object("app_metadata"), input.object("user_metadata")];
  const becomesPermanent = user.is_anonymous && ((email && emailConfirm) || (phone && phoneConfirm));

  const changes = {
    ...(input.text("role") ? { role: input.text("role") } : {}),
    ...(encrypted === undefined ? {} : { encrypted_password: encrypted }),
    ...(email ? { email } : {}),
    ...(phone ? { phone } : {}),
    ...(emailConfirm
      ? { email_confirmed_at: user.email_confirmed_at ?? new Date(), confirmation_token: "" }
      : {}),
    ...(phoneConfirm ? { phone_confirmed_at: user.phone_confirmed_at ?? new Date() } : {}),
    ...(becomesPermanent ? { is_anonymous: false } : {}),
    ...(appMetadata ? { raw_app_meta_data: mergeMetadata(user.raw_app_meta_data, appMetadata) } : {}),
    ...(userMetadata ? { raw_user_meta_data: mergeMetadata(user.raw_user_meta_data, userMetadata) } : {}),
    ...(banSeconds === undefined
      ? {}
      : { banned_until: banSeconds === 0 ? null : new Date(Date.now() + banSeconds * 1000) }),
  };
  try {
    return await inTransaction(pool, async (database) => {
      if (email) await saveIdentity(database, user, "email", { email, email_verified: emailConfirm });
      if (phone) await saveIdentity(database, user, "phone", { phone, phone_verified: phoneConfirm });
      await updateUser(database, user.id, changes);
      if (encrypted !== undefined) await endSessions(database, user.id, "global", undefined);
      return (await findUser(database, "id", user.id)) ?? user;
    });
  } catch (error) {
    throw unexpected("Error updating user", error);
  }
}
