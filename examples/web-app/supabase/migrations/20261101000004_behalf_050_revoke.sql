-- Revocation: from the next request on, whatever tokens are still valid. The check before each request is in 060_before_requests.
select pg_advisory_xact_lock(hashtext('behalf.migrations'));

create table if not exists behalf.revocations (
  kind text not null check (kind in ('grant', 'run', 'user')),
  id text not null check (id <> ''),
  reason text,
  revoked_at timestamptz not null default now(),
  revoked_by text not null,
  primary key (kind, id)
);
alter table behalf.revocations enable row level security;
revoke all on behalf.revocations from public, anon, authenticated, service_role;
grant select on behalf.revocations to service_role;

-- A user's id in the one spelling that revocations keep: Postgres reads a UUID in capitals, in braces or without hyphens as the same one, so a token may too.
create or replace function behalf.plain_id(id text) returns text
  language sql immutable strict parallel safe
  return case when translate(lower(id), '{}-', '') ~ '^[0-9a-f]{32}$' then translate(lower(id), '{}-', '')::uuid::text else id end;

/* Revokes a grant, a run with all that it started, or everything that tasks do for a user: kind is 'grant', 'run' or 'user'. The user's own sessions go on. */
create or replace function behalf.revoke(kind text, id text, reason text default null) returns void
  language sql security definer
  set search_path = pg_catalog, pg_temp
as $$
  insert into behalf.revocations (kind, id, reason, revoked_by)
  values (kind, case kind when 'user' then behalf.plain_id(id) else id end, reason, coalesce(behalf.user_id(), behalf.initiator(), nullif(current_setting('role'), 'none'), session_user))
  on conflict do nothing
$$;

create or replace function behalf.unrevoke(kind text, id text) returns void
  language sql security definer
  set search_path = pg_catalog, pg_temp
as $$ delete from behalf.revocations as r where r.kind = unrevoke.kind
  and r.id = case unrevoke.kind when 'user' then behalf.plain_id(unrevoke.id) else unrevoke.id end $$;

/* Whether the request's grant, its run, a run that led to it, or its user was revoked. False for people's own sessions. For policies, too:
   using (not (select behalf.is_revoked())). */
create or replace function behalf.is_revoked() returns boolean
  language sql stable security definer parallel safe
  set search_path = pg_catalog, pg_temp
as $$
  select exists (
    select from behalf.revocations as r
    where (r.kind = 'grant' and r.id = behalf.claims() ->> 'grant_id')
      or (r.kind = 'run' and (r.id = behalf.run_id() or r.id in (select act ->> 'run' from behalf.actors() as actors (act))))
      or (r.kind = 'user' and r.id = behalf.plain_id(behalf.user_id()) and behalf.is_delegated())
  )
$$;

revoke execute on function behalf.plain_id(text), behalf.revoke(text, text, text), behalf.unrevoke(text, text) from public, anon, authenticated;
grant execute on function behalf.revoke(text, text, text), behalf.unrevoke(text, text) to service_role;
grant execute on function behalf.is_revoked() to public;
insert into behalf.migrations (name) values ('050_revoke') on conflict do nothing;
