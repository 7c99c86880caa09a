-- The audit trail. One row for each statement says who and when; one for each changed row says what. Nobody but the owner of these tables can
-- change or delete them. A hash chain over the statements, in the order of their commits, makes changes visible to behalf.verify_audit().
select pg_advisory_xact_lock(hashtext('behalf.migrations'));

create sequence if not exists behalf.audit_statement_id;

create table if not exists behalf.audit_statements (
  id bigint not null,
  at timestamptz not null,
  transaction_id xid8 not null,
  table_schema text not null,
  table_name text not null,
  operation text not null,
  row_count integer not null,
  role text not null,
  user_id text,
  task text,
  run_id text,
  attempt integer,
  initiator text,
  reason text,
  -- sha256 over the statement's rows
  digest bytea not null
) partition by range (at);

create table if not exists behalf.audit_rows (
  statement_id bigint not null,
  at timestamptz not null,
  ordinal integer not null,
  -- the primary key's columns
  key jsonb not null,
  -- changed columns only; null where there was no row before, or is none after
  old_values jsonb,
  new_values jsonb,
  -- value of the column that says whose row it is
  owner text
) partition by range (at);

create index if not exists audit_statements_id_idx on behalf.audit_statements (id);
create index if not exists audit_statements_run_idx on behalf.audit_statements (run_id) where run_id is not null;
create index if not exists audit_rows_statement_idx on behalf.audit_rows (statement_id);
create index if not exists audit_rows_owner_idx on behalf.audit_rows (owner) where owner is not null;

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

create or replace function behalf.create_audit_partitions(month date) returns void
  language plpgsql
  set search_path = ''
as $$
declare
  first_day date := date_trunc('month', month);
  after date := first_day + interval '1 month';
  suffix text := to_char(first_day, 'YYYY_MM');
  parent text;
begin
  foreach parent in array array['audit_statements', 'audit_rows'] loop
    if to_regclass(format('behalf.%I', parent || '_' || suffix)) is null then
      perform pg_advisory_xact_lock(hashtext('behalf.audit_partitions'));
      -- Bounds in UTC, whatever the session's time zone: the same month ends at the same moment for everybody.
      execute format('create table if not exists behalf.%I partition of behalf.%I for values from (%L) to (%L)',
        parent || '_' || suffix, parent, first_day::text || ' 00:00:00+00', after::text || ' 00:00:00+00');
      execute format('alter table behalf.%I enable row level security', parent || '_' || suffix);
    end if;
  end loop;
end
$$;

-- Of a statement's row as JSON, whose members are sorted and whose times are in UTC for everybody.
create or replace function behalf.hash_statement(statement jsonb) returns bytea
  language sql immutable
  return sha256(convert_to((statement - 'at' || jsonb_build_object('at', extract(epoch from (statement ->> 'at')::timestamptz)))::text, 'UTF8'));

-- Of one changed row, in binary form.
create or replace function behalf.pack_row(ordinal integer, key jsonb, old_values jsonb, new_values jsonb, owner text) returns bytea
  language sql immutable
  return record_send(row(ordinal, key, old_values, new_values, owner));

-- At commit, one transaction at a time: the lock is held only while committing. Gapless, so that a missing link shows.
create or replace function behalf.chain_statement() returns trigger
  language plpgsql security definer
  set search_path = ''
as $$
declare
  head behalf.audit_chain;
  own bytea := behalf.hash_statement(to_jsonb(new));
begin
  perform pg_advisory_xact_lock(hashtext('behalf.audit_chain'));
  select * into head from behalf.audit_chain order by place desc limit 1;
  insert into behalf.audit_chain (place, statement_id, at, statement_hash, hash)
  values (coalesce(head.place, 0) + 1, new.id, new.at, own, sha256(coalesce(head.hash, ''::bytea) || own));
  return null;
exception when unique_violation then
  raise exception 'Another transaction wrote to the audit trail meanwhile.' using errcode = 'serialization_failure', hint = 'Run the transaction again.';
end
$$;

drop trigger if exists chain on behalf.audit_statements;
create constraint trigger chain after insert on behalf.audit_statements
  deferrable initially deferred for each row execute function behalf.chain_statement();

-- Keeps the parts of a row that are not excluded.
create or replace function behalf.row_key(image jsonb, columns text[]) returns jsonb
  language sql immutable
  return case when cardinality(columns) = 1 then jsonb_build_object(columns[1], image -> columns[1])
    else (select jsonb_object_agg(c, image -> c) from unnest(columns) as c) end;

create or replace function behalf.record_changes() returns trigger
  language plpgsql security definer
  set search_path = ''
as $$
declare
  key_columns constant text[] := tg_argv[0];
  excluded constant text[] := tg_argv[1];
  owner_column constant text := nullif(tg_argv[2], '');
  claims constant jsonb := behalf.claims();
  is_service constant boolean := coalesce(claims ->> 'role' = 'service_role', false);
  act constant jsonb := claims -> 'act';
  moment constant timestamptz := clock_timestamp();
  this_id constant bigint := nextval('behalf.audit_statement_id');
  rows_written integer := 0;
  content bytea;
begin
  if to_regclass('behalf.audit_rows_' || to_char(moment at time zone 'UTC', 'YYYY_MM')) is null then
    perform behalf.create_audit_partitions((moment at time zone 'UTC')::date);
  end if;

  if tg_op = 'INSERT' then
    with written as (
      insert into behalf.audit_rows (statement_id, at, ordinal, key, old_values, new_values, owner)
      select this_id, moment, row_number() over (), behalf.row_key(image, key_columns), null, image - excluded, image ->> owner_column
      from (select to_jsonb(n) as image from new_rows as n) as images
      returning *
    )
    select count(*), string_agg(behalf.pack_row(ordinal, key, old_values, new_values, owner), ''::bytea order by ordinal) into rows_written, content from written as w;
  elsif tg_op = 'DELETE' then
    with written as (
      insert into behalf.audit_rows (statement_id, at, ordinal, key, old_values, new_values, owner)
      select this_id, moment, row_number() over (), behalf.row_key(image, key_columns), image - excluded, null, image ->> owner_column
      from (select to_jsonb(o) as image from old_rows as o) as images
      returning *
    )
    select count(*), string_agg(behalf.pack_row(ordinal, key, old_values, new_values, owner), ''::bytea order by ordinal) into rows_written, content from written as w;
  elsif tg_op = 'UPDATE' then
    -- Full join: a row whose primary key was changed is recorded as gone under the old one and come under the new one.
    with before as (select image, behalf.row_key(image, key_columns) as key from (select to_jsonb(o) as image from old_rows as o) as images),
    after as (select image, behalf.row_key(image, key_columns) as key from (select to_jsonb(n) as image from new_rows as n) as images),
    changes as (
      select coalesce(after.key, before.key) as key,
        case when after.key is null then before.image - excluded else (
          select jsonb_object_agg(name, value) from jsonb_each(before.image - excluded) as c (name, value)
          where value is distinct from after.image -> name) end as old_values,
        case when before.key is null then after.image - excluded else (
          select jsonb_object_agg(name, value) from jsonb_each(after.image - excluded) as c (name, value)
          where value is distinct from before.image -> name) end as new_values,
        coalesce(after.image, before.image) ->> owner_column as owner
      from before full join after using (key)
      -- An excluded column's change is recorded as a change of nothing.
      where before.image is distinct from after.image
    ),
    written as (
      insert into behalf.audit_rows (statement_id, at, ordinal, key, old_values, new_values, owner)
      select this_id, moment, row_number() over (), key, old_values, new_values, owner from changes
      returning *
    )
    select count(*), string_agg(behalf.pack_row(ordinal, key, old_values, new_values, owner), ''::bytea order by ordinal) into rows_written, content from written as w;
  end if;

  -- A statement that changed nothing leaves no trace.
  if rows_written = 0 and tg_op <> 'TRUNCATE' then
    return null;
  end if;
  insert into behalf.audit_statements
    (id, at, transaction_id, table_schema, table_name, operation, row_count, role, user_id, task, run_id, attempt, initiator, reason, digest)
  values (
    this_id, moment, pg_current_xact_id(), tg_table_schema, tg_table_name, tg_op, rows_written,
    coalesce(nullif(current_setting('role', true), 'none'), session_user),
    claims ->> 'sub',
    case when is_service then behalf.service_header('x-behalf-task') else act ->> 'sub' end,
    case when is_service then behalf.service_header('x-behalf-run') else act ->> 'run' end,
    case when is_service then behalf.attempt() else substring(act ->> 'attempt' from '^\d{1,9}$')::integer end,
    case when is_service then behalf.service_header('x-behalf-initiator') else claims ->> 'initiator' end,
    case when is_service then behalf.reason() end,
    sha256(coalesce(content, ''::bytea))
  );
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

  perform behalf.create_audit_partitions((now() + n * interval '1 month')::date) from generate_series(0, 2) as n;
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

-- What people read: one entry for each changed row, and for each TRUNCATE.
create or replace view behalf.audit_log with (security_invoker = true) as
  select s.id as statement_id, coalesce(r.ordinal, 1) as ordinal, s.at, s.transaction_id, s.table_schema, s.table_name, s.operation,
    r.key, r.old_values, r.new_values, s.role, s.user_id, s.task, s.run_id, s.attempt, s.initiator, s.reason,
    s.role = 'service_role' and s.reason is null as is_unexplained
  from behalf.audit_statements as s left join behalf.audit_rows as r on r.statement_id = s.id and r.at = s.at;

alter table behalf.audit_statements enable row level security;
alter table behalf.audit_rows enable row level security;
alter table behalf.audit_chain enable row level security;
alter table behalf.audited_tables enable row level security;
alter table behalf.audit_pruned enable row level security;

-- Users read the entries about their own rows.
drop policy if exists "entries about own rows" on behalf.audit_rows;
create policy "entries about own rows" on behalf.audit_rows for select to authenticated
  using (owner = (select behalf.user_id()));
drop policy if exists "statements about own rows" on behalf.audit_statements;
create policy "statements about own rows" on behalf.audit_statements for select to authenticated
  using (exists (select from behalf.audit_rows as r where r.statement_id = audit_statements.id));

revoke all on all tables in schema behalf from public, anon, authenticated, service_role;
grant select on behalf.audit_log, behalf.audit_statements, behalf.audit_rows to authenticated, service_role;
grant select on behalf.audit_chain, behalf.audited_tables, behalf.audit_pruned, behalf.migrations to service_role;

/* Compares the trail with its chain. No row: nothing was edited, deleted, added by hand or reordered. */
create or replace function behalf.verify_audit() returns table (problem text, chain_place bigint, statement_id bigint)
  language sql stable security definer
  set search_path = ''
as $$
  with links as (
    select c.*, lag(c.hash) over (order by c.place) as before, lag(c.place) over (order by c.place) as place_before from behalf.audit_chain as c
  ),
  contents as (
    select r.statement_id,
      sha256(string_agg(behalf.pack_row(r.ordinal, r.key, r.old_values, r.new_values, r.owner), ''::bytea order by r.ordinal)) as digest
    from behalf.audit_rows as r group by r.statement_id
  ),
  pruned as (select coalesce(max(before), '-infinity') as before from behalf.audit_pruned)
  select 'the chain is broken here', l.place, l.statement_id from links as l
  where l.hash <> sha256(coalesce(l.before, ''::bytea) || l.statement_hash) or l.place <> coalesce(l.place_before, 0) + 1
  union all
  select 'the statement was changed', l.place, l.statement_id from links as l join behalf.audit_statements as s on s.id = l.statement_id
  where behalf.hash_statement(to_jsonb(s)) <> l.statement_hash
  union all
  select 'the statement''s rows were changed', l.place, l.statement_id from links as l
  join behalf.audit_statements as s on s.id = l.statement_id left join contents as c on c.statement_id = s.id
  where coalesce(c.digest, sha256(''::bytea)) <> s.digest
  union all
  select 'the statement was deleted', l.place, l.statement_id from links as l, pruned
  where l.at >= pruned.before and not exists (select from behalf.audit_statements as s where s.id = l.statement_id)
  union all
  select 'the statement was added by hand', null, s.id from behalf.audit_statements as s
  where not exists (select from behalf.audit_chain as c where c.statement_id = s.id)
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
    where n.nspname = 'behalf' and c.relname ~ '^audit_(statements|rows)_\d{4}_\d{2}$' and c.relkind = 'r'
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
  behalf.run_id(), behalf.attempt(), behalf.initiator(), behalf.reason(), behalf.is_task(), behalf.causes(), behalf.hops(), behalf.caused_by(text) to public;
grant execute on function behalf.verify_audit(), behalf.audit_head() to service_role;
insert into behalf.migrations (name) values ('020_audit') on conflict do nothing;
