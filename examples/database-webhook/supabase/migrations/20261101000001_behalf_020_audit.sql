-- The audit trail. An entry says who changed which rows of a table in one statement, all of them of one owner, so that a user can be shown the entries about
-- their own rows. It is written fast and read through the view behalf.audit_log, which takes it apart. Nobody but the owner of these tables can change or
-- delete entries. Hash chains over the statements make changes visible to behalf.verify_audit().
select pg_advisory_xact_lock(hashtext('behalf.migrations'));

create sequence if not exists behalf.audit_statement_id;

-- Identifiers compare byte by byte: a language's rules would only make the indexes slower.
create table if not exists behalf.audit_entries (
  statement_id bigint not null,
  -- 1; or 0, 1, 2, … where a statement changed rows of several owners, or very many
  entry integer not null,
  at timestamptz not null,
  transaction_id xid8 not null,
  table_schema text collate "C" not null,
  table_name text collate "C" not null,
  operation text collate "C" not null,
  role text collate "C" not null,
  user_id text collate "C",
  task text collate "C",
  run_id text collate "C",
  attempt integer,
  initiator text collate "C",
  reason text,
  key_columns text[] not null,
  -- value of the column that says whose rows these are: after the change; before it where they are gone
  owner text collate "C",
  -- arrays of rows; those of an UPDATE stand in the same order
  old_rows json,
  new_rows json
) partition by range (at);

create index if not exists audit_entries_statement_idx on behalf.audit_entries (statement_id);
create index if not exists audit_entries_run_idx on behalf.audit_entries (run_id);
create index if not exists audit_entries_owner_idx on behalf.audit_entries (owner);

-- A link for each statement, in the order of the commits within a strand. There are many strands, so that no transaction waits for another's commit.
create table if not exists behalf.audit_chain (
  strand integer not null,
  -- from 1, without gaps
  place bigint not null,
  statement_id bigint not null,
  at timestamptz not null,
  -- sha256 over the statement's entries
  digest bytea not null,
  -- sha256 over the hash before it in the strand and the digest
  hash bytea not null,
  primary key (strand, place)
);

-- Which tables are audited, and how.
create table if not exists behalf.audited_tables (
  relation regclass primary key,
  excluded text[] not null,
  owner_column text
);

-- What was dropped on purpose: entries before a moment, and the last link dropped of each strand.
create table if not exists behalf.audit_pruned (
  before timestamptz primary key,
  pruned_at timestamptz not null default now()
);
create table if not exists behalf.audit_bases (
  strand integer primary key,
  place bigint not null,
  hash bytea not null
);

/* Makes the partitions of this month and those that follow where they are missing. Returns the end of the last. */
create or replace function behalf.create_audit_partitions(months integer) returns timestamptz
  language plpgsql
  set search_path = pg_catalog, pg_temp
  set timezone = 'UTC'
as $$
declare
  -- Bounds in UTC, whatever the session's time zone: a month ends at the same moment for everybody.
  month timestamptz := date_trunc('month', clock_timestamp());
  name text;
begin
  perform pg_advisory_xact_lock(hashtext('behalf.audit_partitions'));
  for n in 1..months loop
    name := 'audit_entries_' || to_char(month, 'YYYY_MM');
    if to_regclass('behalf.' || name) is null then
      -- Attached, not created as a partition: that lets others go on writing. Compressing what a bulk load changed would cost more than the load.
      execute format('create table behalf.%I (like behalf.audit_entries including defaults)', name);
      execute format('alter table behalf.%I enable row level security, alter column old_rows set storage external, alter column new_rows set storage external', name);
      execute format('alter table behalf.audit_entries attach partition behalf.%I for values from (%L) to (%L)', name, month, month + interval '1 month');
    end if;
    month := month + interval '1 month';
  end loop;
  return month;
end
$$;

-- Of a row: the members that differ from another row's, and those to keep. json, not jsonb: it is made in half the time.
create or replace function behalf.differences(image json, other json, keep text[] default '{}') returns json
  language sql stable parallel safe
  return (select coalesce(json_object_agg(m.key, m.value), '{}') from json_each(image) as m
    where m.value::text is distinct from (other -> m.key)::text or m.key = any (keep));

create or replace function behalf.without(image json, names text[]) returns json
  language sql stable parallel safe
  return (select coalesce(json_object_agg(m.key, m.value), '{}') from json_each(image) as m where m.key <> all (names));

create or replace function behalf.primary_key_columns(relation regclass) returns text[]
  language sql stable
  set search_path = pg_catalog, pg_temp
as $$
  select array_agg(a.attname::text order by array_position(i.indkey::int2[], a.attnum))
  from pg_catalog.pg_index as i join pg_catalog.pg_attribute as a on a.attrelid = i.indrelid and a.attnum = any (i.indkey)
  where i.indrelid = relation and i.indisprimary
$$;

-- The triggers' function. Its arguments: names of the primary key's columns, numbers of the excluded columns, name of the owner's column or '', and
-- until when there are partitions for sure.
-- One function, not several: each call would cost a single row's statement as much as writing its entry.
-- search_path, here and everywhere: whoever may run SQL can make temporary types, and left out of the path pg_temp comes first in it. A type of theirs
-- named jsonb would then run code of theirs as the owner.
create or replace function behalf.record_changes() returns trigger
  language plpgsql security definer
  set search_path = pg_catalog, pg_temp
as $$
-- An audited table may have columns with the names of variables.
#variable_conflict use_variable
declare
  key_names constant text[] := tg_argv[0];
  owner_name constant text := tg_argv[2];
  claims constant jsonb := coalesce(nullif(current_setting('request.jwt.claims', true), ''), '{}');
  act constant jsonb := claims -> 'act';
  strands constant integer := 64;
  excluded text[] := '{}';
  direction integer := 1;
  e behalf.audit_entries;
  digest bytea;
  own_strand integer := pg_backend_pid() % strands;
  last_place bigint;
  last_hash bytea;
begin
  e.statement_id := nextval('behalf.audit_statement_id');
  e.at := clock_timestamp();
  e.role := coalesce(nullif(current_setting('role'), 'none'), session_user);
  if e.role = 'service_role' then
    e.user_id := behalf.user_id();
    e.task := behalf.task();
    e.run_id := behalf.run_id();
    e.attempt := behalf.attempt();
    e.initiator := behalf.initiator();
    e.reason := behalf.reason();
  else
    -- As the functions of 010_identity say it, with the claims parsed once.
    e.user_id := coalesce(nullif(current_setting('request.jwt.claim.sub', true), ''), claims ->> 'sub');
    e.task := act ->> 'sub';
    e.run_id := act ->> 'run';
    e.attempt := nullif(case when length(act ->> 'attempt') < 10 and ltrim(act ->> 'attempt', '0123456789') = '' then act ->> 'attempt' end, '')::integer;
    e.initiator := claims ->> 'initiator';
  end if;
  if e.at >= tg_argv[3]::timestamptz and to_regclass('behalf.audit_entries_' || to_char(e.at at time zone 'UTC', 'YYYY_MM')) is null then
    perform behalf.create_audit_partitions(3);
  end if;

  if tg_op = 'TRUNCATE' then
    insert into behalf.audit_entries as written
    values (e.statement_id, 1, e.at, pg_current_xact_id(), tg_table_schema, tg_table_name, tg_op,
      e.role, e.user_id, e.task, e.run_id, e.attempt, e.initiator, e.reason, key_names, null, null, null)
    returning sha256(sha256(record_send(written))) into digest;
  elsif tg_argv[1] <> '{}' then
    -- By number: an excluded column that was renamed stays excluded.
    excluded := array(select a.attname from pg_catalog.pg_attribute as a where a.attrelid = tg_relid and a.attnum = any (tg_argv[1]::int2[]));
  -- One row, the usual case, in the fewest steps.
  elsif tg_op = 'INSERT' then
    insert into behalf.audit_entries as written
    select e.statement_id, 1, e.at, pg_current_xact_id(), tg_table_schema, tg_table_name, tg_op,
      e.role, e.user_id, e.task, e.run_id, e.attempt, e.initiator, e.reason, key_names, n.images -> 0 ->> owner_name, null, n.images
    from (select count(*) as count, json_agg(r.image) as images from (select row_to_json(behalf_new.*) as image from behalf_new limit 2) as r) as n
    where n.count = 1
    returning sha256(sha256(record_send(written))) into digest;
  elsif tg_op = 'UPDATE' then
    insert into behalf.audit_entries as written
    select e.statement_id, 1, e.at, pg_current_xact_id(), tg_table_schema, tg_table_name, tg_op,
      e.role, e.user_id, e.task, e.run_id, e.attempt, e.initiator, e.reason, key_names, n.images -> 0 ->> owner_name, o.images, n.images
    from (select count(*) as count, json_agg(r.image) as images from (select row_to_json(behalf_old.*) as image from behalf_old limit 2) as r) as o,
      (select count(*) as count, json_agg(r.image) as images from (select row_to_json(behalf_new.*) as image from behalf_new limit 2) as r) as n
    where o.count = 1 and n.count = 1 and octet_length(o.images::text) + octet_length(n.images::text) <= 4000
    returning sha256(sha256(record_send(written))) into digest;
  else
    insert into behalf.audit_entries as written
    select e.statement_id, 1, e.at, pg_current_xact_id(), tg_table_schema, tg_table_name, tg_op,
      e.role, e.user_id, e.task, e.run_id, e.attempt, e.initiator, e.reason, key_names, o.images -> 0 ->> owner_name, o.images, null
    from (select count(*) as count, json_agg(r.image) as images from (select row_to_json(behalf_old.*) as image from behalf_old limit 2) as r) as o
    where o.count = 1
    returning sha256(sha256(record_send(written))) into digest;
  end if;

  -- Several rows: those of one owner make one entry, of about a megabyte at most, because an array has its limits. offset 0: an image is made once.
  if digest is not null then
    null;
  elsif tg_op = 'INSERT' then
    insert into behalf.audit_entries
    select e.statement_id, row_number() over () - (count(*) over () > 1)::integer, e.at, pg_current_xact_id(), tg_table_schema, tg_table_name, tg_op,
      e.role, e.user_id, e.task, e.run_id, e.attempt, e.initiator, e.reason, key_names, g.owner, null, json_agg(g.image)
    from (
      select r.image, r.image ->> owner_name as owner, sum(octet_length(r.image::text)) over (rows unbounded preceding) / 1000000 as part
      from (
        select case when excluded = '{}' then row_to_json(behalf_new.*) else behalf.without(row_to_json(behalf_new.*), excluded) end as image from behalf_new offset 0
      ) as r
    ) as g
    group by g.owner, g.part;
  elsif tg_op = 'DELETE' then
    insert into behalf.audit_entries
    select e.statement_id, row_number() over () - (count(*) over () > 1)::integer, e.at, pg_current_xact_id(), tg_table_schema, tg_table_name, tg_op,
      e.role, e.user_id, e.task, e.run_id, e.attempt, e.initiator, e.reason, key_names, g.owner, json_agg(g.image), null
    from (
      select r.image, r.image ->> owner_name as owner, sum(octet_length(r.image::text)) over (rows unbounded preceding) / 1000000 as part
      from (
        select case when excluded = '{}' then row_to_json(behalf_old.*) else behalf.without(row_to_json(behalf_old.*), excluded) end as image from behalf_old offset 0
      ) as r
    ) as g
    group by g.owner, g.part;
  else
    -- Postgres keeps old and new rows in the same order. Only a row that moves to a partition whose trigger then drops it leaves an old one
    -- without a new one: nobody can say which, so that rows are recorded as gone and come, without being paired.
    if (select count(*) from behalf_old) <> (select count(*) from behalf_new) then
      direction := -1;
    end if;
    insert into behalf.audit_entries
    select e.statement_id, row_number() over () - (count(*) over () > 1)::integer, e.at, pg_current_xact_id(), tg_table_schema, tg_table_name, tg_op,
      e.role, e.user_id, e.task, e.run_id, e.attempt, e.initiator, e.reason, key_names, g.owner, json_agg(g.old_image), json_agg(g.new_image)
    from (
      select p.owner,
        -- Of large rows only what changed is kept.
        case when p.size > 4000 then behalf.differences(p.old_image, p.new_image, key_names) else p.old_image end as old_image,
        case when p.size > 4000 then behalf.differences(p.new_image, p.old_image, key_names) else p.new_image end as new_image,
        sum(p.size) over (rows unbounded preceding) / 1000000 as part
      from (
        select o.image as old_image, n.image as new_image, coalesce(n.image, o.image) ->> owner_name as owner,
          octet_length(o.image::text) + octet_length(n.image::text) as size
        from (
          select row_number() over () as place, case when excluded = '{}' then row_to_json(behalf_old.*) else behalf.without(row_to_json(behalf_old.*), excluded) end as image
          from behalf_old offset 0
        ) as o
        full join (
          select row_number() over () * direction as place, case when excluded = '{}' then row_to_json(behalf_new.*) else behalf.without(row_to_json(behalf_new.*), excluded) end as image
          from behalf_new offset 0
        ) as n using (place)
        offset 0
      ) as p
    ) as g
    group by g.owner, g.part;
  end if;
  if digest is null then
    select sha256(string_agg(sha256(record_send(w)), '' order by w.entry)) into digest
    from behalf.audit_entries as w where w.statement_id = e.statement_id and w.at = e.at;
    if digest is null then
      return null;
    end if;
  end if;

  if current_setting('transaction_isolation') = 'read committed' then
    -- A free strand is taken where there is one, and held until the transaction ends.
    while not pg_try_advisory_xact_lock(hashtext('behalf.audit_chain'), own_strand) loop
      own_strand := (own_strand + 1) % strands;
      if own_strand = pg_backend_pid() % strands then
        perform pg_advisory_xact_lock(hashtext('behalf.audit_chain'), own_strand);
        exit;
      end if;
    end loop;
    select c.place, c.hash into last_place, last_hash from behalf.audit_chain as c where c.strand = own_strand order by c.place desc limit 1;
    insert into behalf.audit_chain
    values (own_strand, coalesce(last_place, 0) + 1, e.statement_id, e.at, digest, sha256(coalesce(last_hash, '') || digest));
    return null;
  end if;

  -- Such a transaction doesn't see the links of those that committed after it began: it takes a strand where there are none, and asks each once.
  for attempt in 1 .. strands loop
    begin
      if pg_try_advisory_xact_lock(hashtext('behalf.audit_chain'), own_strand) then
        select c.place, c.hash into last_place, last_hash from behalf.audit_chain as c where c.strand = own_strand order by c.place desc limit 1;
        insert into behalf.audit_chain
        values (own_strand, coalesce(last_place, 0) + 1, e.statement_id, e.at, digest, sha256(coalesce(last_hash, '') || digest));
        return null;
      end if;
    exception when unique_violation or serialization_failure then
      -- A strand that doesn't fit was let go with this block.
      null;
    end;
    own_strand := (own_strand + 1) % strands;
  end loop;
  raise exception 'Other transactions wrote to all strands of the audit trail meanwhile.'
    using errcode = 'serialization_failure', hint = 'Run the transaction again.';
end
$$;

-- The triggers of one relation.
create or replace function behalf.create_audit_triggers(relation regclass, key_columns text[], excluded text[], owner_column text, until timestamptz) returns void
  language plpgsql
  set search_path = pg_catalog, pg_temp
  set timezone = 'UTC'
  -- The moment is an argument as text, and read by sessions of any style.
  set datestyle = 'ISO, YMD'
as $$
declare
  numbers int2[] := array(select a.attnum from pg_catalog.pg_attribute as a where a.attrelid = relation and a.attname = any (excluded));
  arguments text := format('%L, %L, %L, %L', key_columns, numbers, coalesce(owner_column, ''), until);
  tables jsonb := '{"insert": "new table as behalf_new", "update": "old table as behalf_old new table as behalf_new", "delete": "old table as behalf_old"}';
  verb text;
begin
  foreach verb in array array['insert', 'update', 'delete', 'truncate'] loop
    execute format('create or replace trigger %I after %s on %s %s for each statement execute function behalf.record_changes(%s)',
      'behalf_audit_' || verb, verb, relation, coalesce('referencing ' || (tables ->> verb), ''), arguments);
  end loop;
end
$$;

/* Audits a table from now on: every INSERT, UPDATE, DELETE and TRUNCATE. Call it again after adding partitions, or to change the options.
   exclude: columns whose values are never recorded. owner_column: whose value says whose row it is, by default user_id where there is one: that user may read the entry. */
create or replace function behalf.audit(relation regclass, exclude text[] default '{}', owner_column text default null) returns void
  language plpgsql
  set search_path = pg_catalog, pg_temp
as $$
declare
  key_columns text[] := behalf.primary_key_columns(relation);
  kind "char" := (select c.relkind from pg_catalog.pg_class as c where c.oid = relation);
  columns text[] := array(select a.attname from pg_catalog.pg_attribute as a where a.attrelid = relation and a.attnum > 0 and not a.attisdropped);
  until timestamptz;
  part regclass;
begin
  if kind not in ('r', 'p') then
    raise exception '% is no table.', relation using errcode = 'wrong_object_type', hint = 'Audit the tables under it.';
  end if;
  if key_columns is null then
    raise exception '% has no primary key, so its rows can''t be told apart in the trail.', relation
      using errcode = 'object_not_in_prerequisite_state', hint = format('Give it one: alter table %s add primary key (…);', relation);
  end if;
  if not exclude || coalesce(owner_column, key_columns[1]) <@ columns then
    raise exception '% has no column named %.', relation,
      (select string_agg(name, ', ') from unnest(exclude || owner_column) as name where name <> all (columns)) using errcode = 'undefined_column';
  end if;
  if owner_column is null and 'user_id' = any (columns) then
    owner_column := 'user_id';
  end if;
  if exclude && (key_columns || owner_column) then
    raise exception 'The primary key and the owner''s column of % can''t be excluded.', relation using errcode = 'invalid_parameter_value';
  end if;

  until := behalf.create_audit_partitions(13);
  -- A write to a partition by its own name doesn't fire the parent's triggers.
  for part in select relation union select p.relid from pg_catalog.pg_partition_tree(relation) as p loop
    perform behalf.create_audit_triggers(part, key_columns, exclude, owner_column, until);
  end loop;
  insert into behalf.audited_tables values (relation, exclude, owner_column)
  on conflict on constraint audited_tables_pkey do update set (excluded, owner_column) = row(excluded.excluded, excluded.owner_column);
end
$$;

-- Ends the auditing of a table. What was recorded stays.
create or replace function behalf.unaudit(relation regclass) returns void
  language plpgsql
  set search_path = pg_catalog, pg_temp
as $$
declare
  part regclass;
  verb text;
begin
  for part in select relation union select p.relid from pg_catalog.pg_partition_tree(relation) as p loop
    foreach verb in array array['insert', 'update', 'delete', 'truncate'] loop
      execute format('drop trigger if exists %I on %s', 'behalf_audit_' || verb, part);
    end loop;
  end loop;
  delete from behalf.audited_tables as t where t.relation = unaudit.relation;
end
$$;

-- What people read: a line for each changed row, and for each TRUNCATE.
create or replace view behalf.audit_log with (security_invoker = true) as
  select e.statement_id, e.entry, coalesce(l.ordinal, 1)::integer as ordinal, e.at, e.transaction_id, e.table_schema, e.table_name, e.operation,
    (select jsonb_object_agg(k, coalesce(l.new_row, l.old_row) -> k) from unnest(e.key_columns) as k where coalesce(l.new_row, l.old_row) is not null) as key,
    case when l.old_row is null or l.new_row is null then l.old_row else behalf.differences(l.old_row, l.new_row) end as old_values,
    case when l.old_row is null or l.new_row is null then l.new_row else behalf.differences(l.new_row, l.old_row) end as new_values,
    e.role, e.user_id, e.task, e.run_id, e.attempt, e.initiator, e.reason,
    e.role = 'service_role' and e.reason is null as is_unexplained
  from behalf.audit_entries as e
  left join lateral (
    select coalesce(o.ordinal, n.ordinal) as ordinal,
      case when json_typeof(o.image) = 'object' then o.image end as old_row, case when json_typeof(n.image) = 'object' then n.image end as new_row
    from json_array_elements(e.old_rows) with ordinality as o (image, ordinal)
    full join json_array_elements(e.new_rows) with ordinality as n (image, ordinal) on o.ordinal = n.ordinal
  ) as l on true;

alter table behalf.audit_entries enable row level security;
alter table behalf.audit_chain enable row level security;
alter table behalf.audited_tables enable row level security;
alter table behalf.audit_pruned enable row level security;
alter table behalf.audit_bases enable row level security;

-- Users read the entries about their own rows.
drop policy if exists "entries about own rows" on behalf.audit_entries;
create policy "entries about own rows" on behalf.audit_entries for select to authenticated
  using (owner = (select behalf.user_id()));

revoke all on behalf.audit_log, behalf.audit_entries, behalf.audit_chain, behalf.audited_tables, behalf.audit_pruned, behalf.audit_bases, behalf.migrations
  from public, anon, authenticated, service_role;
revoke all on sequence behalf.audit_statement_id from public, anon, authenticated, service_role;
grant select on behalf.audit_log, behalf.audit_entries to authenticated, service_role;
grant select on behalf.audit_chain, behalf.audited_tables, behalf.audit_pruned, behalf.audit_bases, behalf.migrations to service_role;

/* Compares the trail with its chain, and the chain with a head that was kept elsewhere: what audit_head() gave, as a JSON array.
   No row: nothing was edited, deleted, added by hand or reordered. */
create or replace function behalf.verify_audit(head jsonb default null) returns table (problem text, strand integer, place bigint, statement_id bigint)
  language sql stable security definer
  set search_path = pg_catalog, pg_temp
as $$
  with links as (
    select c.*, coalesce(lag(c.hash) over in_order, b.hash, '') as before, coalesce(lag(c.place) over in_order, b.place, 0) as place_before
    from behalf.audit_chain as c left join behalf.audit_bases as b on b.strand = c.strand
    window in_order as (partition by c.strand order by c.place)
  ),
  statements as (
    select e.statement_id, sha256(string_agg(sha256(record_send(e)), '' order by e.entry)) as digest from behalf.audit_entries as e group by e.statement_id
  ),
  pruned as (select coalesce(max(p.before), '-infinity') as before from behalf.audit_pruned as p),
  kept as (select h.strand, h.place, h.hash from jsonb_to_recordset(verify_audit.head) as h (strand integer, place bigint, hash text))
  select 'the chain is broken here', l.strand, l.place, l.statement_id from links as l
  where l.hash <> sha256(l.before || l.digest) or l.place <> l.place_before + 1
  union all
  select 'the entry was changed', l.strand, l.place, l.statement_id from links as l join statements as s on s.statement_id = l.statement_id
  where s.digest <> l.digest
  union all
  select 'the entry was deleted', l.strand, l.place, l.statement_id from links as l, pruned
  where l.at >= pruned.before and not exists (select from statements as s where s.statement_id = l.statement_id)
  union all
  select 'the entry was added by hand', null, null, s.statement_id from statements as s
  where not exists (select from behalf.audit_chain as c where c.statement_id = s.statement_id)
  union all
  select case when k.place < b.place then 'the kept head is older than what was pruned' else 'the chain doesn''t lead to the kept head' end, k.strand, k.place, null
  from kept as k left join behalf.audit_bases as b on b.strand = k.strand
  where not exists (
    select c.strand, c.place, c.hash from behalf.audit_chain as c
    where c.strand = k.strand and c.place = k.place and encode(c.hash, 'hex') = k.hash
  ) and not (b.place is not distinct from k.place and encode(b.hash, 'hex') = k.hash)
  order by 2, 3, 4
$$;

-- The last link of each strand. Keep them elsewhere: the owner of the database can rewrite a whole chain, but not into one that leads to these.
create or replace function behalf.audit_head() returns table (strand integer, place bigint, hash text)
  language sql stable security definer
  set search_path = pg_catalog, pg_temp
as $$ select distinct on (c.strand) c.strand, c.place, encode(c.hash, 'hex') from behalf.audit_chain as c order by c.strand, c.place desc $$;

-- The links after known places, {"0": 17}: what was committed since. A strand's places have no gaps, so nothing is missed; also where an API cuts the
-- answer short, because each strand's links come in the order of their places.
create or replace function behalf.audit_links_after(places jsonb, at_most integer default 1000) returns setof behalf.audit_chain
  language sql stable security definer
  set search_path = pg_catalog, pg_temp
as $$
  select c.* from generate_series(0, 63) as s (strand)
  cross join lateral (
    select * from behalf.audit_chain as c where c.strand = s.strand and c.place > coalesce((places ->> s.strand::text)::bigint, 0) order by c.place limit at_most
  ) as c
  order by c.place - coalesce((places ->> c.strand::text)::bigint, 0), c.statement_id
$$;

/* Drops the entries of the months that ended before a day, never this month's, and their links as far as the rest can still be verified.
   Returns the partitions dropped. */
create or replace function behalf.prune_audit(older_than date) returns setof text
  language plpgsql
  set search_path = pg_catalog, pg_temp
as $$
declare
  first_kept timestamp := date_trunc('month', least(older_than::timestamp, clock_timestamp() at time zone 'UTC'));
  cut timestamptz := first_kept at time zone 'UTC';
  part text;
begin
  for part in
    select c.relname from pg_catalog.pg_inherits as i join pg_catalog.pg_class as c on c.oid = i.inhrelid
    where i.inhparent = 'behalf.audit_entries'::regclass and right(c.relname, 7) < to_char(first_kept, 'YYYY_MM')
    order by c.relname
  loop
    execute format('drop table behalf.%I', part);
    return next part;
  end loop;
  insert into behalf.audit_pruned (before) values (cut) on conflict do nothing;
  -- A strand keeps at least its last link: the next one is appended to it.
  with last_dropped as (
    select c.strand, least(max(c.place) - 1, coalesce(min(c.place) filter (where c.at >= cut), max(c.place)) - 1) as place
    from behalf.audit_chain as c group by c.strand
  ),
  dropped as (
    delete from behalf.audit_chain as c using last_dropped as d where c.strand = d.strand and c.place <= d.place
    returning c.strand, c.place, c.hash, c.place = d.place as is_last
  )
  insert into behalf.audit_bases select d.strand, d.place, d.hash from dropped as d where d.is_last
  on conflict on constraint audit_bases_pkey do update set place = excluded.place, hash = excluded.hash;
end
$$;

revoke execute on function behalf.create_audit_partitions(integer), behalf.without(json, text[]), behalf.primary_key_columns(regclass), behalf.record_changes(),
  behalf.create_audit_triggers(regclass, text[], text[], text, timestamptz), behalf.audit(regclass, text[], text), behalf.unaudit(regclass),
  behalf.verify_audit(jsonb), behalf.audit_head(), behalf.audit_links_after(jsonb, integer), behalf.prune_audit(date)
  from public, anon, authenticated, service_role;
-- The view's reader runs it.
grant execute on function behalf.differences(json, json, text[]) to public;
grant execute on function behalf.verify_audit(jsonb), behalf.audit_head(), behalf.audit_links_after(jsonb, integer) to service_role;
insert into behalf.migrations (name) values ('020_audit') on conflict do nothing;
