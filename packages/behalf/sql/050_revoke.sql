-- Revocation: from the next request on, whatever tokens are still valid. And the hop budget, checked at the same place.
select pg_advisory_xact_lock(hashtext('behalf.migrations'));

create table if not exists behalf.revocations (
  kind text not null check (kind in ('grant', 'run', 'user')),
  id text not null check (id <> ''),
  reason text,
  revoked_at timestamptz not null default now(),
  revoked_by text not null default coalesce(behalf.user_id(), session_user),
  primary key (kind, id)
);
alter table behalf.revocations enable row level security;
revoke all on behalf.revocations from public, anon, authenticated, service_role;
grant select on behalf.revocations to service_role;

/* Revokes a grant, a run, or everything that tasks do for a user. The user's own sessions go on. */
create or replace function behalf.revoke(kind text, id text, reason text default null) returns void
  language sql security definer
  set search_path = ''
as $$ insert into behalf.revocations (kind, id, reason) values (kind, id, reason) on conflict do nothing $$;

create or replace function behalf.unrevoke(kind text, id text) returns void
  language sql security definer
  set search_path = ''
as $$ delete from behalf.revocations as r where r.kind = unrevoke.kind and r.id = unrevoke.id $$;

/* Whether the request's grant, its run, a run that led to it, or its user was revoked. False for people's own sessions. For policies, too:
   using (not (select behalf.is_revoked())). */
create or replace function behalf.is_revoked() returns boolean
  language sql stable security definer
  set search_path = ''
as $$
  with recursive actors (act) as (
    select behalf.claims() -> 'act' union all select act -> 'act' from actors where act -> 'act' is not null
  )
  select behalf.is_task() and exists (
    select from behalf.revocations as r
    where (r.kind = 'grant' and r.id = behalf.claims() ->> 'grant_id')
      or (r.kind = 'user' and r.id = behalf.user_id())
      or (r.kind = 'run' and (r.id = behalf.run_id() or r.id in (select act ->> 'run' from actors)))
  )
$$;

/* How many tasks may lead to one another before it counts as a loop. Change it with: alter database postgres set behalf.max_hops = '5'. */
create or replace function behalf.max_hops() returns integer
  language sql stable
  return coalesce(substring(current_setting('behalf.max_hops', true) from '^\d{1,4}$')::integer, 8);

/* Called by PostgREST before each request. */
create or replace function behalf.pre_request() returns void
  language plpgsql stable
  set search_path = ''
as $$
begin
  if not behalf.is_task() then
    return;
  end if;
  if behalf.is_revoked() then
    raise sqlstate 'PT403' using message = 'This work was revoked.', detail = 'ERR_REVOKED', hint = 'See behalf.revocations; behalf.unrevoke takes it back.';
  end if;
  if behalf.hops() > behalf.max_hops() then
    raise sqlstate 'PT403' using message = format('Task %s was led to by %s others: a loop?', behalf.task(), behalf.hops() - 1),
      detail = 'ERR_HOPS', hint = 'Let the trigger say: when (not behalf.caused_by(''…'')). The budget is behalf.max_hops().';
  end if;
end
$$;

grant execute on function behalf.is_revoked(), behalf.max_hops(), behalf.pre_request() to public;
revoke execute on function behalf.revoke(text, text, text), behalf.unrevoke(text, text) from public, anon, authenticated;
grant execute on function behalf.revoke(text, text, text), behalf.unrevoke(text, text) to service_role;

-- PostgREST has room for one such function. A project that has its own calls ours from there: perform behalf.pre_request().
do $$
begin
  if not exists (
    select from pg_catalog.pg_db_role_setting as s join pg_catalog.pg_roles as r on r.oid = s.setrole, unnest(s.setconfig) as setting
    where r.rolname = 'authenticator' and setting like 'pgrst.db_pre_request=%'
  ) then
    alter role authenticator set pgrst.db_pre_request = 'behalf.pre_request';
    notify pgrst, 'reload config';
  end if;
end
$$;

insert into behalf.migrations (name) values ('050_revoke') on conflict do nothing;
