-- No service-role write to a table without a reason.
select pg_advisory_xact_lock(hashtext('behalf.migrations'));

create or replace function behalf.refuse_unexplained() returns trigger
  language plpgsql
  set search_path = ''
as $$
begin
  if behalf.is_service() and behalf.reason() is null then
    raise exception 'The service role needs a reason to write to %.%.', tg_table_schema, tg_table_name
      using errcode = 'insufficient_privilege', hint = 'Use behalf.asService({ reason: "…" }): the reason is recorded.';
  end if;
  return null;
end
$$;

create or replace function behalf.require_reason(relation regclass) returns void
  language plpgsql
  set search_path = ''
as $$
begin
  execute format('create or replace trigger behalf_require_reason before insert or update or delete or truncate on %s '
    'for each statement execute function behalf.refuse_unexplained()', relation);
end
$$;

create or replace function behalf.unrequire_reason(relation regclass) returns void
  language plpgsql
  set search_path = ''
as $$
begin
  execute format('drop trigger if exists behalf_require_reason on %s', relation);
end
$$;

revoke execute on function behalf.require_reason(regclass), behalf.unrequire_reason(regclass), behalf.refuse_unexplained()
  from public, anon, authenticated, service_role;
insert into behalf.migrations (name) values ('030_require_reason') on conflict do nothing;
