-- User ∩ task: a task does with a table only what its scope names, and never more than the user may. People's own sessions are not affected.
select pg_advisory_xact_lock(hashtext('behalf.migrations'));

-- Whether the token was made for a task, or is narrowed to tables: then its scope holds. A scope of other words on a person's own token
-- (an OAuth client's "openid email") means something else.
create or replace function behalf.is_delegated() returns boolean
  language sql stable parallel safe
  return behalf.is_task() or behalf.claims() ? 'grant_id'
    or coalesce(behalf.claims() ->> 'scope' ~ '(^|\s)\S+:(select|insert|update|delete|\*)(\s|$)', false);

/* Whether the request may do this to that table, "public.notes" and "select", as far as its scope goes. A scope is words such as
   public.notes:select or public.notes:*. A token without a scope is not narrowed, unless strict says that a task has to have one. */
create or replace function behalf.allows(relation text, verb text, strict boolean default false) returns boolean
  language sql stable parallel safe
  return case
    when not behalf.is_delegated() then true
    when coalesce(jsonb_typeof(behalf.claims() -> 'scope'), 'null') = 'null' then not strict
    else string_to_array(behalf.claims() ->> 'scope', ' ') && array[relation || ':' || verb, relation || ':*']
  end;

/* Narrows a table by policies of its own, which restrict what its other policies permit. Row Level Security has to be on. Partitions are narrowed with it,
   where they have Row Level Security of their own: the API serves them by their own names. Call it again after adding one. */
create or replace function behalf.narrow(relation regclass, strict boolean default false) returns void
  language plpgsql
  set search_path = pg_catalog, pg_temp
as $$
declare
  name text := (select format('%s.%s', n.nspname, c.relname) from pg_catalog.pg_class as c
    join pg_catalog.pg_namespace as n on n.oid = c.relnamespace where c.oid = relation);
  part regclass;
  verb text;
  condition text;
begin
  if not (select relrowsecurity from pg_catalog.pg_class where oid = relation) then
    raise exception 'Row Level Security is off for %, so no policy could narrow it.', relation
      using errcode = 'object_not_in_prerequisite_state', hint = format('Turn it on: alter table %s enable row level security;', relation);
  end if;
  perform behalf.widen(relation);
  foreach verb in array array['select', 'insert', 'update', 'delete'] loop
    -- In a select of its own, so that it is evaluated once for each statement, not for each row.
    condition := format('(select behalf.allows(%L, %L, %L))', name, verb, strict);
    for part in
      select c.oid from pg_catalog.pg_class as c
      where c.oid in (select relation union select p.relid from pg_catalog.pg_partition_tree(relation) as p) and c.relrowsecurity
    loop
      execute format('create policy %I on %s as restrictive for %s to public %s', 'behalf_narrow_' || verb, part, verb,
        case verb when 'insert' then 'with check (' || condition || ')'
          when 'update' then 'using (' || condition || ') with check (' || condition || ')'
          else 'using (' || condition || ')' end);
    end loop;
  end loop;
end
$$;

-- Takes the narrowing off again.
create or replace function behalf.widen(relation regclass) returns void
  language plpgsql
  set search_path = pg_catalog, pg_temp
as $$
declare
  part regclass;
  verb text;
begin
  for part in select relation union select p.relid from pg_catalog.pg_partition_tree(relation) as p loop
    foreach verb in array array['select', 'insert', 'update', 'delete'] loop
      execute format('drop policy if exists %I on %s', 'behalf_narrow_' || verb, part);
    end loop;
  end loop;
end
$$;

-- The tables where a task has to have a scope.
create or replace function behalf.strictly_narrowed() returns text[]
  language sql stable parallel safe
  return array(select format('%s.%s', n.nspname, c.relname) from pg_catalog.pg_policy as p
    join pg_catalog.pg_class as c on c.oid = p.polrelid join pg_catalog.pg_namespace as n on n.oid = c.relnamespace
    where p.polname = 'behalf_narrow_select' and pg_get_expr(p.polqual, p.polrelid) ~ ', true\)');

-- What a task may not select it may not read in the trail either.
drop policy if exists "what the scope names" on behalf.audit_entries;
create policy "what the scope names" on behalf.audit_entries as restrictive for select to public
  using ((select not behalf.is_delegated()) or behalf.allows(table_schema || '.' || table_name, 'select',
    table_schema || '.' || table_name = any ((select behalf.strictly_narrowed())::text[])));

revoke execute on function behalf.narrow(regclass, boolean), behalf.widen(regclass) from public, anon, authenticated, service_role;
grant execute on function behalf.is_delegated(), behalf.allows(text, text, boolean), behalf.strictly_narrowed() to public;
insert into behalf.migrations (name) values ('040_narrow') on conflict do nothing;
