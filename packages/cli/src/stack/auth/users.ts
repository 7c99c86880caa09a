import type { Queryable } from "./database.js";

export type Metadata = Record<string, unknown>;

/** A row of `auth.users` with its identities: what we read of them. */
export interface UserRow {
  id: string;
  aud: string;
  role: string;
  email: string | null;
  encrypted_password: string | null;
  email_confirmed_at: Date | null;
  invited_at: Date | null;
  confirmation_sent_at: Date | null;
  recovery_sent_at: Date | null;
  email_change: string | null;
  email_change_sent_at: Date | null;
  last_sign_in_at: Date | null;
  raw_app_meta_data: Metadata | null;
  raw_user_meta_data: Metadata | null;
  created_at: Date | null;
  updated_at: Date | null;
  phone: string | null;
  phone_confirmed_at: Date | null;
  confirmed_at: Date | null;
  banned_until: Date | null;
  deleted_at: Date | null;
  is_anonymous: boolean;
  is_banned: boolean;
  identities: IdentityRow[];
}

export interface IdentityRow {
  id: string;
  provider_id: string;
  user_id: string;
  identity_data: Metadata;
  provider: string;
  last_sign_in_at: string | null;
  created_at: string | null;
  updated_at: string | null;
  email: string | null;
}

// A seed often leaves aud and role out. They count as what GoTrue would have set.
const selection = `
  select u.*, coalesce(nullif(u.aud, ''), 'authenticated') as aud,
    coalesce(nullif(u.role, ''), 'authenticated') as role, coalesce(u.banned_until > now(), false) as is_banned,
    coalesce((select jsonb_agg(to_jsonb(i) order by i.created_at) from auth.identities i where i.user_id = u.id), '[]')
      as identities
  from auth.users u`;

/** By id or by sign-in name. Those of a single sign-on have no name here. */
export async function findUser(
  database: Queryable,
  by: "id" | "email" | "phone",
  value: string,
): Promise<UserRow | undefined> {
  const condition = by === "email" ? "lower(u.email) = lower($1) and not u.is_sso_user" : `u.${by} = $1`;
  const { rows } = await database.query<UserRow>(`${selection} where ${condition} limit 1`, [value]);
  return rows[0];
}

export async function listUsers(
  database: Queryable,
  { page, perPage, filter }: { page: number; perPage: number; filter: string },
): Promise<{ users: UserRow[]; total: number }> {
  const matching =
    "where $1 = '' or strpos(lower(u.email), lower($1)) > 0 or strpos(u.raw_user_meta_data ->> 'full_name', $1) > 0";
  const { rows } = await database.query<UserRow>(
    `${selection} ${matching} order by u.created_at desc nulls last, u.id limit $2 offset $3`,
    [filter, perPage, (page - 1) * perPage],
  );
  const counted = await database.query<{ total: number }>(
    `select count(*)::int as total from auth.users u ${matching}`,
    [filter],
  );
  return { users: rows, total: counted.rows[0]?.total ?? 0 };
}

/** Columns are named by our own code, never by a caller. */
export async function insertUser(database: Queryable, values: Record<string, unknown>): Promise<void> {
  const all: Record<string, unknown> = {
    instance_id: "00000000-0000-0000-0000-000000000000",
    created_at: new Date(),
    updated_at: new Date(),
    confirmation_token: "",
    recovery_token: "",
    email_change_token_new: "",
    email_change: "",
    ...values,
  };
  const columns = Object.keys(all);
  await database.query(
    `insert into auth.users (${columns.join(", ")}) values (${columns.map((_, index) => `$${index + 1}`).join(", ")})`,
    Object.values(all),
  );
}

/** Columns are named by our own code, never by a caller. */
export async function updateUser(
  database: Queryable,
  id: string,
  values: Record<string, unknown>,
): Promise<void> {
  const all = { ...values, updated_at: new Date() };
  const changes = Object.keys(all).map((column, index) => `${column} = $${index + 2}`);
  await database.query(`update auth.users set ${changes.join(", ")} where id = $1`, [
    id,
    ...Object.values(all),
  ]);
}

/** Writes down by what a user may sign in: a new identity, or what has changed of one. */
export async function saveIdentity(
  database: Queryable,
  { id }: { id: string },
  provider: "email" | "phone",
  data: Metadata,
): Promise<void> {
  await database.query(
    `insert into auth.identities (provider_id, user_id, identity_data, provider, last_sign_in_at, created_at, updated_at)
     values ($1::text, $1::uuid, $2, $3, now(), now(), now())
     on conflict (provider_id, provider) do update
       set identity_data = auth.identities.identity_data || excluded.identity_data, updated_at = now()`,
    [id, { email_verified: false, phone_verified: false, sub: id, ...data }, provider],
  );
}

/** Key by key; null takes a key away. */
export function mergeMetadata(before: Metadata | null, change: Metadata): Metadata {
  return Object.fromEntries(Object.entries({ ...before, ...change }).filter(([, value]) => value !== null));
}

/** A user as GoTrue answers one: most times are left out until they have come. */
export function userJson(user: UserRow): Record<string, unknown> {
  const given = (name: keyof UserRow) => (user[name] ? { [name]: user[name] } : {});
  return {
    id: user.id,
    aud: user.aud,
    role: user.role,
    email: user.email ?? "",
    ...given("email_confirmed_at"),
    ...given("invited_at"),
    phone: user.phone ?? "",
    ...given("phone_confirmed_at"),
    ...given("confirmation_sent_at"),
    ...given("confirmed_at"),
    ...given("recovery_sent_at"),
    ...(user.email_change ? { new_email: user.email_change } : {}),
    ...given("email_change_sent_at"),
    ...given("last_sign_in_at"),
    app_metadata: user.raw_app_meta_data ?? {},
    user_metadata: user.raw_user_meta_data ?? {},
    identities: user.identities.map(({ id, provider_id, ...identity }) => ({
      identity_id: id,
      id: provider_id,
      ...identity,
    })),
    created_at: user.created_at,
    updated_at: user.updated_at,
    ...given("banned_until"),
    ...given("deleted_at"),
    is_anonymous: user.is_anonymous,
  };
}
