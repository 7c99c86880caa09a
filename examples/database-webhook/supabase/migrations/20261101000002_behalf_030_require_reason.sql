-- No service-role write to a table without a reason.
select pg_advisory_xact_lock(hashtext('behalf.migrations'));

create or replace function behalf.refuse_unexplained() returns trigger
  language plpgsql
  set search_path = pg_catalog, pg_temp
as $$
begin
  if behalf.is_service() and behalf.reason() is null then
    raise exception 'The service role needs a reason to write to %.%.', tg_table_schema, tg_table_name
      using errcode = 'insufficient_privilege', hint = 'Use behalf.asService({ reason: "…" }): the reason is recorded.';
  end if;
  return null;
end
$$;

-- Call it again after adding partitions.
create or replace function behalf.require_reason(relation regclass) returns void
  language plpgsql
  set search_path = pg_catalog, pg_temp
as $$
declare
  part regclass;
begin
  -- A write to a partition by its own name doesn't fire the parent's trigger.
  for part in select relation union select p.relid from pg_catalog.pg_partition_tree(relation) as p loop
    execute format('create or replace trigger behalf_require_reason before insert or update or delete or truncate on %s '
      'for each statement execute function behalf.refuse_unexplained()', part);
  end loop;
end
$$;

create or replace function behalf.unrequire_reason(relation regclass) returns void
  language plpgsql
  set search_path = pg_catalog, pg_temp
as $$
declare
  part regclass;
begin
  for part in select relation union select p.relid from pg_catalog.pg_partition_tree(relation) as p loop
    execute format('drop trigger if exists behalf_require_reason on %s', part);
  end loop;
end
$$;

revoke execute on function behalf.require_reason(regclass), behalf.unrequire_reason(regclass), behalf.refuse_unexplained()
  from public, anon, authenticated, service_role;
insert into behalf.migrations (name) values ('030_require_reason') on conflict do nothing;
