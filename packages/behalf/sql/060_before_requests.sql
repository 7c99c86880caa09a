-- What is checked before each request of a task: that its work wasn't revoked, and that tasks don't start one another for ever.
select pg_advisory_xact_lock(hashtext('behalf.migrations'));

-- One row.
create table if not exists behalf.limits (
  only_row boolean primary key default true check (only_row),
  max_hops integer not null default 8 check (max_hops > 0)
);
insert into behalf.limits default values on conflict do nothing;
alter table behalf.limits enable row level security;
revoke all on behalf.limits from public, anon, authenticated, service_role;
grant select on behalf.limits to service_role;

/* How many tasks may lead to one another before it counts as a loop. Change it with: update behalf.limits set max_hops = 5. */
create or replace function behalf.max_hops() returns integer
  language sql stable security definer parallel safe
  set search_path = pg_catalog, pg_temp
as $$ select max_hops from behalf.limits $$;

/* Raises when the request's work was revoked or its tasks led too far. PostgREST calls it before each request. */
create or replace function behalf.pre_request() returns void
  language plpgsql stable
  set search_path = pg_catalog, pg_temp
as $$
declare
  hops integer;
begin
  if not behalf.is_delegated() then
    return;
  end if;
  if behalf.is_revoked() then
    raise sqlstate 'PT403' using message = 'This work was revoked.', detail = 'BEHALF_REVOKED', hint = 'See behalf.revocations; behalf.unrevoke takes it back.';
  end if;
  hops := behalf.hops();
  if hops > behalf.max_hops() then
    raise sqlstate 'PT403' using message = format('Task %s was led to by %s others: a loop?', behalf.task(), hops - 1),
      detail = 'BEHALF_HOPS', hint = 'Let the trigger that starts it say: when (not behalf.caused_by(''…'')). behalf.limits has the budget.';
  end if;
end
$$;

grant execute on function behalf.max_hops(), behalf.pre_request() to public;

-- PostgREST has room for one such function. A project that has its own calls ours from there: perform behalf.pre_request();
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

insert into behalf.migrations (name) values ('060_before_requests') on conflict do nothing;
