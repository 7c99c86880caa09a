-- The audit trail. An entry says who changed which rows of a table, in one statement; the rows of one entry have the same owner, so that a user can be shown
-- the entries about their own rows. Nobody but the owner of this table can change or delete entries. A hash chain over the statements, in the order of
-- their commits, makes changes visible to behalf.verify_audit().
select pg_advisory_xact_lock(hashtext('behalf.migrations'));

create sequence if not exists behalf.audit_statement_id;

create table if not exists behalf.audit_entries (
  statement_id bigint not null,
  -- 1; or 0, 2, 3, … where a statement changed rows of several owners, or very many
  entry integer not null,
  at timestamptz not null,
  transaction_id xid8 not null,
  table_schema text not null,
  table_name text not null,
  operation text not null,
  role text not null,
  user_id text,
  task text,
  run_id text,
  attempt integer,
  initiator text,
  reason text,
  -- value of the column that says whose rows these are
  owner text,
  -- [{"key": {…}, "old": {…}, "new": {…}}]: primary key, and the changed columns only
  changes jsonb not null
) partition by range (at);

create index if not exists audit_entries_statement_idx on behalf.audit_entries (statement_id);
create index if not exists audit_entries_run_idx on behalf.audit_entries (run_id) where run_id is not null;
create index if not exists audit_entries_owner_idx on behalf.audit_entries (owner) where owner is not null;

create table if not exists behalf.audit_chain (
  place bigint primary key,
  statement_id bigint not null,
  at timestamptz not null,
  statement_hash bytea not null,
  -- sha256 over the hash before and statement_hash
  hash bytea not null
);

-- Which tables are audited, and how.
create table if not exists behalf.audited_tables (
  relation regclass primary key,
  excluded text[] not null,
  owner_column text
);

-- Months that were dropped on purpose.
create table if not exists behalf.audit_pruned (
  before timestamptz primary key,
  pruned_at timestamptz not null default now()
);

create or replace function behalf.create_audit_partition(month date) returns void
  language plpgsql
  set search_path = ''
as $$
declare
  first_day date := date_trunc('month', month);
  after date := first_day + interval '1 month';
  name text := 'audit_entries_' || to_char(first_day, 'YYYY_MM');
begin
  if to_regclass('behalf.' || name) is not null then
    return;
  end if;
  perform pg_advisory_xact_lock(hashtext('behalf.audit_partitions'));
  -- Bounds in UTC, whatever the session's time zone: a month ends at the same moment for everybody.
  execute format('create table if not exists behalf.%I partition of behalf.audit_entries for values from (%L) to (%L)',
    name, first_day::text || ' 00:00:00+00', after::text || ' 00:00:00+00');
  execute format('alter table behalf.%I enable row level security', name);
  -- Compressing what a bulk load changed would cost more than the load.
  execute format('alter table behalf.%I alter column changes set storage external', name);
end
$$;

-- Of an entry as JSON, whose members are sorted; its time as seconds, the same in every session's time zone.
create or replace function behalf.hash_entry(entry jsonb) returns bytea
  language sql stable
  return sha256(convert_to((entry || jsonb_build_object('at', extract(epoch from (entry ->> 'at')::timestamptz)))::text, 'UTF8'));

-- At commit, one transaction at a time: the lock is held only while committing. Gapless, so that a missing link shows.
create or replace function behalf.chain_statement() returns trigger
  language plpgsql security definer
  set search_path = ''
as $$
declare
  own bytea;
begin
  if new.entry = 1 then
    own := behalf.hash_entry(to_jsonb(new));
  else
    -- The first of several entries stands for all of them.
    select sha256(string_agg(behalf.hash_entry(to_jsonb(e)), ''::bytea order by e.entry)) into own
    from behalf.audit_entries as e where e.statement_id = new.statement_id and e.at = new.at;
  end if;
  perform pg_advisory_xact_lock(hashtext('behalf.audit_chain'));
  insert into behalf.audit_chain (place, statement_id, at, statement_hash, hash)
  select coalesce(max(head.place), 0) + 1, new.statement_id, new.at, own, sha256(coalesce(max(head.hash), ''::bytea) || own)
  from (select c.place, c.hash from behalf.audit_chain as c order by c.place desc limit 1) as head;
  return null;
end
$$;

drop trigger if exists chain on behalf.audit_entries;
create constraint trigger chain after insert on behalf.audit_entries
  deferrable initially deferred for each row when (new.entry <= 1) execute function behalf.chain_statement();

create or replace function behalf.row_key(image jsonb, columns text[]) returns jsonb
  language sql stable
  return case when cardinality(columns) = 1 then jsonb_build_object(columns[1], image -> columns[1])
    else (select jsonb_object_agg(c, image -> c) from unnest(columns) as c) end;

-- {"key", "old", "new"} of one row: all columns where there is one image, the changed ones where there are two.
create or replace function behalf.describe_change(was jsonb, is_now jsonb, key_columns text[], excluded_columns text[]) returns jsonb
  language sql stable
  return case
    when was is null then jsonb_build_object('key', behalf.row_key(is_now, key_columns), 'new', is_now - excluded_columns)
    when is_now is null then jsonb_build_object('key', behalf.row_key(was, key_columns), 'old', was - excluded_columns)
    else (
      select jsonb_build_object('key', behalf.row_key(is_now, key_columns), 'old', jsonb_object_agg(m.name, was -> m.name), 'new', jsonb_object_agg(m.name, m.value))
      from jsonb_each(is_now) as m (name, value)
      -- A change of excluded columns alone is recorded as a change of nothing.
      where m.value is distinct from was -> m.name and m.name <> all (excluded_columns)
    ) end;

create or replace function behalf.record_changes() returns trigger
  language plpgsql security definer
  set search_path = ''
as $$
#variable_conflict use_column
declare
  key_columns constant text[] := tg_argv[0];
  excluded_columns constant text[] := tg_argv[1];
  owner_column constant text := nullif(tg_argv[2], '');
  claims constant jsonb := coalesce(nullif(current_setting('request.jwt.claims', true), ''), '{}');
  is_service constant boolean := coalesce(claims ->> 'role' = 'service_role', false);
  act constant jsonb := claims -> 'act';
  e behalf.audit_entries;
  was jsonb[];
  is_now jsonb[];
begin
  if tg_op = 'INSERT' then
    select array_agg(i.image) into is_now from (select to_jsonb(r) as image from new_rows as r limit 2) as i;
  elsif tg_op = 'DELETE' then
    select array_agg(i.image) into was from (select to_jsonb(r) as image from old_rows as r limit 2) as i;
  elsif tg_op = 'UPDATE' then
    select (select array_agg(i.image) from (select to_jsonb(r) as image from old_rows as r limit 2) as i),
      (select array_agg(i.image) from (select to_jsonb(r) as image from new_rows as r limit 2) as i) into was, is_now;
  end if;
  if tg_op <> 'TRUNCATE' and was is null and is_now is null or was = is_now and cardinality(was) = 1 then
    -- Nothing changed.
    return null;
  end if;

  e.statement_id := nextval('behalf.audit_statement_id');
  e.entry := 1;
  e.at := clock_timestamp();
  e.transaction_id := pg_current_xact_id();
  e.table_schema := tg_table_schema;
  e.table_name := tg_table_name;
  e.operation := tg_op;
  e.role := coalesce(nullif(current_setting('role', true), 'none'), session_user);
  e.user_id := claims ->> 'sub';
  if is_service then
    e.task := behalf.service_header('x-behalf-task');
    e.run_id := behalf.service_header('x-behalf-run');
    e.attempt := behalf.attempt();
    e.initiator := behalf.service_header('x-behalf-initiator');
    e.reason := behalf.reason();
  else
    e.task := act ->> 'sub';
    e.run_id := act ->> 'run';
    e.attempt := substring(act ->> 'attempt' from '^\d{1,9}$')::integer;
    e.initiator := claims ->> 'initiator';
  end if;
  if to_regclass('behalf.audit_entries_' || to_char(e.at at time zone 'UTC', 'YYYY_MM')) is null then
    perform behalf.create_audit_partition((e.at at time zone 'UTC')::date);
  end if;

  -- One row, by far the most frequent case, without the machinery for many.
  if tg_op = 'TRUNCATE' then
    e.changes := '[]';
  elsif coalesce(cardinality(was), 1) = 1 and coalesce(cardinality(is_now), 1) = 1
    and (tg_op <> 'UPDATE' or behalf.row_key(was[1], key_columns) = behalf.row_key(is_now[1], key_columns)) then
    e.owner := coalesce(is_now[1], was[1]) ->> owner_column;
    e.changes := jsonb_build_array(behalf.describe_change(was[1], is_now[1], key_columns, excluded_columns));
  end if;
  if e.changes is not null then
    insert into behalf.audit_entries values (e.*);
    return null;
  end if;

  -- Changes of one owner make one entry, of at most a thousand rows. offset 0 keeps the planner from making each row's image anew for each use of it.
  if tg_op = 'INSERT' then
    insert into behalf.audit_entries
    select e.statement_id, case when count(*) over () > 1 and row_number() over () = 1 then 0 else row_number() over () end, e.at, e.transaction_id, e.table_schema, e.table_name, e.operation, e.role,
      e.user_id, e.task, e.run_id, e.attempt, e.initiator, e.reason, g.owner, g.changes
    from (
      select i.owner, jsonb_agg(jsonb_build_object('key', behalf.row_key(i.image, key_columns), 'new', i.image - excluded_columns)) as changes
      from (select n.image, n.image ->> owner_column as owner, (row_number() over () - 1) / 1000 as chunk
        from (select to_jsonb(r) as image from new_rows as r offset 0) as n) as i
      group by i.owner, i.chunk
    ) as g;
  elsif tg_op = 'DELETE' then
    insert into behalf.audit_entries
    select e.statement_id, case when count(*) over () > 1 and row_number() over () = 1 then 0 else row_number() over () end, e.at, e.transaction_id, e.table_schema, e.table_name, e.operation, e.role,
      e.user_id, e.task, e.run_id, e.attempt, e.initiator, e.reason, g.owner, g.changes
    from (
      select i.owner, jsonb_agg(jsonb_build_object('key', behalf.row_key(i.image, key_columns), 'old', i.image - excluded_columns)) as changes
      from (select o.image, o.image ->> owner_column as owner, (row_number() over () - 1) / 1000 as chunk
        from (select to_jsonb(r) as image from old_rows as r offset 0) as o) as i
      group by i.owner, i.chunk
    ) as g;
  else
    -- Full join: a row whose primary key was changed is recorded as gone under the old one and come under the new one.
    insert into behalf.audit_entries
    select e.statement_id, case when count(*) over () > 1 and row_number() over () = 1 then 0 else row_number() over () end, e.at, e.transaction_id, e.table_schema, e.table_name, e.operation, e.role,
      e.user_id, e.task, e.run_id, e.attempt, e.initiator, e.reason, g.owner, g.changes
    from (
      select c.owner, jsonb_agg(c.change) as changes
      from (
        select coalesce(a.image, b.image) ->> owner_column as owner, (row_number() over () - 1) / 1000 as chunk,
          behalf.describe_change(b.image, a.image, key_columns, excluded_columns) as change
        from (select i.image, behalf.row_key(i.image, key_columns) as key from (select to_jsonb(r) as image from old_rows as r offset 0) as i offset 0) as b
        full join (select i.image, behalf.row_key(i.image, key_columns) as key from (select to_jsonb(r) as image from new_rows as r offset 0) as i offset 0) as a
          on a.key = b.key
        where b.image is distinct from a.image
      ) as c
      group by c.owner, c.chunk
    ) as g;
  end if;
  return null;
end
$$;

create or replace function behalf.primary_key_columns(relation regclass) returns text[]
  language sql stable
  set search_path = ''
as $$
  select array_agg(a.attname::text order by array_position(i.indkey::int2[], a.attnum))
  from pg_catalog.pg_index as i join pg_catalog.pg_attribute as a on a.attrelid = i.indrelid and a.attnum = any (i.indkey)
  where i.indrelid = relation and i.indisprimary
$$;

-- The triggers of one relation. Excluded columns never reach the trail, the primary key always does.
create or replace function behalf.create_audit_triggers(relation regclass, key_columns text[], excluded text[], owner_column text) returns void
  language plpgsql
  set search_path = ''
as $$
declare
  arguments text := format('%L, %L, %L', key_columns, excluded, coalesce(owner_column, ''));
  tables jsonb := '{"insert": "new table as new_rows", "update": "old table as old_rows new table as new_rows", "delete": "old table as old_rows"}';
  verb text;
begin
  foreach verb in array array['insert', 'update', 'delete', 'truncate'] loop
    execute format('create or replace trigger %I after %s on %s %s for each statement execute function behalf.record_changes(%s)',
      'behalf_audit_' || verb, verb, relation,
      case when verb = 'truncate' then '' else 'referencing ' || (tables ->> verb) end, arguments);
  end loop;
end
$$;

/* Audits a table from now on: every INSERT, UPDATE, DELETE and TRUNCATE.
   exclude: columns whose values are never recorded. owner_column: whose value says whose row it is, by default user_id where there is one: that user may read the entry. */
create or replace function behalf.audit(relation regclass, exclude text[] default '{}', owner_column text default null) returns void
  language plpgsql
  set search_path = ''
as $$
declare
  key_columns text[] := behalf.primary_key_columns(relation);
  unknown text;
  part regclass;
  kind "char" := (select relkind from pg_catalog.pg_class where oid = relation);
begin
  if kind not in ('r', 'p') then
    raise exception '% is no table.', relation using errcode = 'wrong_object_type', hint = 'Audit the tables under it.';
  end if;
  if key_columns is null then
    raise exception '% has no primary key, so its rows can''t be told apart in the trail.', relation
      using errcode = 'object_not_in_prerequisite_state', hint = 'Give it one: alter table … add primary key (…).';
  end if;
  owner_column := coalesce(owner_column, (select attname from pg_catalog.pg_attribute where attrelid = relation and attname = 'user_id' and not attisdropped));
  select name into unknown from unnest(exclude || owner_column) as name
  where name is not null and not exists (select from pg_catalog.pg_attribute where attrelid = relation and attname = name and attnum > 0 and not attisdropped);
  if unknown is not null then
    raise exception '% has no column %.', relation, unknown using errcode = 'undefined_column';
  end if;
  if exclude && key_columns then
    raise exception 'The primary key of % can''t be excluded.', relation using errcode = 'invalid_parameter_value';
  end if;

  perform behalf.create_audit_partition((now() + n * interval '1 month')::date) from generate_series(0, 2) as n;
  perform behalf.create_audit_triggers(relation, key_columns, exclude, owner_column);
  -- A write to a partition by its own name doesn't fire the parent's triggers.
  for part in select inhrelid from pg_catalog.pg_inherits where inhparent = relation and kind = 'p' loop
    perform behalf.create_audit_triggers(part, key_columns, exclude, owner_column);
  end loop;
  insert into behalf.audited_tables values (relation, exclude, owner_column)
  on conflict on constraint audited_tables_pkey do update set excluded = excluded.excluded, owner_column = excluded.owner_column;
end
$$;

-- Ends the auditing of a table. What was recorded stays.
create or replace function behalf.unaudit(relation regclass) returns void
  language plpgsql
  set search_path = ''
as $$
declare
  part regclass;
  verb text;
begin
  for part in select relation union select inhrelid from pg_catalog.pg_inherits where inhparent = relation loop
    foreach verb in array array['insert', 'update', 'delete', 'truncate'] loop
      execute format('drop trigger if exists %I on %s', 'behalf_audit_' || verb, part);
    end loop;
  end loop;
  delete from behalf.audited_tables as t where t.relation = unaudit.relation;
end
$$;

-- What people read: a line for each changed row, and for each TRUNCATE.
create or replace view behalf.audit_log with (security_invoker = true) as
  select e.statement_id, e.entry, coalesce(c.ordinal, 1)::integer as ordinal, e.at, e.transaction_id, e.table_schema, e.table_name, e.operation,
    c.change -> 'key' as key, c.change -> 'old' as old_values, c.change -> 'new' as new_values,
    e.role, e.user_id, e.task, e.run_id, e.attempt, e.initiator, e.reason,
    e.role = 'service_role' and e.reason is null as is_unexplained
  from behalf.audit_entries as e left join lateral jsonb_array_elements(e.changes) with ordinality as c (change, ordinal) on true;

alter table behalf.audit_entries enable row level security;
alter table behalf.audit_chain enable row level security;
alter table behalf.audited_tables enable row level security;
alter table behalf.audit_pruned enable row level security;

-- Users read the entries about their own rows.
drop policy if exists "entries about own rows" on behalf.audit_entries;
create policy "entries about own rows" on behalf.audit_entries for select to authenticated
  using (owner = (select behalf.user_id()));

revoke all on all tables in schema behalf from public, anon, authenticated, service_role;
grant select on behalf.audit_log, behalf.audit_entries to authenticated, service_role;
grant select on behalf.audit_chain, behalf.audited_tables, behalf.audit_pruned, behalf.migrations to service_role;

/* Compares the trail with its chain. No row: nothing was edited, deleted, added by hand or reordered. */
create or replace function behalf.verify_audit() returns table (problem text, chain_place bigint, statement_id bigint)
  language sql stable security definer
  set search_path = ''
as $$
  with links as (
    select c.*, lag(c.hash) over (order by c.place) as before, lag(c.place) over (order by c.place) as place_before from behalf.audit_chain as c
  ),
  statements as (
    select e.statement_id,
      case when count(*) = 1 and min(e.entry) = 1 then min(behalf.hash_entry(to_jsonb(e)))
        else sha256(string_agg(behalf.hash_entry(to_jsonb(e)), ''::bytea order by e.entry)) end as hash
    from behalf.audit_entries as e group by e.statement_id
  ),
  pruned as (select coalesce(max(p.before), '-infinity') as before from behalf.audit_pruned as p)
  select 'the chain is broken here', l.place, l.statement_id from links as l
  where l.hash <> sha256(coalesce(l.before, ''::bytea) || l.statement_hash) or l.place <> coalesce(l.place_before, 0) + 1
  union all
  select 'the entry was changed', l.place, l.statement_id from links as l join statements as s on s.statement_id = l.statement_id
  where s.hash <> l.statement_hash
  union all
  select 'the entry was deleted', l.place, l.statement_id from links as l, pruned
  where l.at >= pruned.before and not exists (select from statements as s where s.statement_id = l.statement_id)
  union all
  select 'the entry was added by hand', null, s.statement_id from statements as s
  where not exists (select from behalf.audit_chain as c where c.statement_id = s.statement_id)
  order by 2, 3
$$;

-- The last link. Keep it elsewhere: the owner of the database can rewrite a whole chain, but not one whose head is known.
create or replace function behalf.audit_head() returns table (chain_place bigint, hash text, at timestamptz)
  language sql stable security definer
  set search_path = ''
as $$ select c.place, encode(c.hash, 'hex'), c.at from behalf.audit_chain as c order by c.place desc limit 1 $$;

/* Drops the months that ended before a day. The chain keeps their hashes, so that what is left can still be verified. Returns the partitions dropped. */
create or replace function behalf.prune_audit(older_than date) returns setof text
  language plpgsql
  set search_path = ''
as $$
declare
  part text;
  cut date := date_trunc('month', older_than);
begin
  for part in
    select c.relname from pg_catalog.pg_class as c join pg_catalog.pg_namespace as n on n.oid = c.relnamespace
    where n.nspname = 'behalf' and c.relname ~ '^audit_entries_\d{4}_\d{2}$' and c.relkind = 'r'
      and to_date(right(c.relname, 7), 'YYYY_MM') < cut
    order by c.relname
  loop
    execute format('drop table behalf.%I', part);
    return next part;
  end loop;
  insert into behalf.audit_pruned (before) values ((cut::text || ' 00:00:00+00')::timestamptz) on conflict do nothing;
end
$$;

revoke execute on all functions in schema behalf from public, anon, authenticated, service_role;
grant execute on function behalf.claims(), behalf.is_service(), behalf.decode_uri(text), behalf.service_header(text), behalf.user_id(), behalf.task(),
  behalf.run_id(), behalf.attempt(), behalf.initiator(), behalf.reason(), behalf.is_task(), behalf.actors(), behalf.causes(), behalf.hops(), behalf.caused_by(text) to public;
grant execute on function behalf.verify_audit(), behalf.audit_head() to service_role;
insert into behalf.migrations (name) values ('020_audit') on conflict do nothing;
