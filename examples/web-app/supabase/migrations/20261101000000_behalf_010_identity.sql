-- Who asks. The user (sub), the actor (act: a task's run) and the initiator are kept apart. For users all three come from the signed token;
-- for the service role, from the headers that behalf's service client sends. A header on a user's request changes nothing.
select pg_advisory_xact_lock(hashtext('behalf.migrations'));

create schema if not exists behalf;
grant usage on schema behalf to public;

create table if not exists behalf.migrations (
  name text primary key,
  applied_at timestamptz not null default now()
);

-- SQL-standard bodies are parsed now, so no search_path can change what they mean, and the planner can inline them. None has an
-- exception block: those can't run in parallel plans.
create or replace function behalf.claims() returns jsonb
  language sql stable parallel safe
  return coalesce(nullif(current_setting('request.jwt.claims', true), ''), '{}')::jsonb;

-- The role in force, not a claim: whoever can only set claims doesn't become the service role by it.
create or replace function behalf.is_service() returns boolean
  language sql stable parallel safe
  return current_setting('role') = 'service_role';

-- encodeURIComponent's inverse. What isn't UTF-8 stays as it is: a header must not be able to break a write.
create or replace function behalf.decode_uri(encoded text) returns text
  language sql immutable strict parallel safe
begin atomic
  select case
    when encoded !~ '%' then encoded
    when bytes ~ '^(0[1-9a-f]|[1-7].|(c[2-9a-f]|d.)[89ab].|e0[ab].[89ab].|e[1-9a-cef]([89ab].){2}|ed[89].[89ab].|f0[9ab].([89ab].){2}|f[1-3]([89ab].){3}|f48.([89ab].){2})*$'
      then convert_from(decode(bytes, 'hex'), 'UTF8')
    else encoded
  end
  from (
    select string_agg(
      case when part[1] ~ '^%[0-9A-Fa-f]{2}' then lower(replace(part[1], '%', '')) else encode(convert_to(part[1], 'UTF8'), 'hex') end,
      '' order by place) as bytes
    from regexp_matches(encoded, '(?:%[0-9A-Fa-f]{2})+|[^%]+|%', 'g') with ordinality as parts (part, place)
  ) as decoded;
end;

-- A header of the service client; null on any other request.
create or replace function behalf.service_header(name text) returns text
  language sql stable parallel safe
  return case when behalf.is_service() then
    behalf.decode_uri(nullif(current_setting('request.headers', true), '')::jsonb ->> name)
  end;

-- The user's id as text: a third-party provider's is no uuid. The older setting comes first, as it does for auth.uid().
create or replace function behalf.user_id() returns text
  language sql stable parallel safe
  return coalesce(nullif(current_setting('request.jwt.claim.sub', true), ''), behalf.claims() ->> 'sub');

create or replace function behalf.task() returns text
  language sql stable parallel safe
  return case when behalf.is_service() then behalf.service_header('x-behalf-task')
    else behalf.claims() -> 'act' ->> 'sub' end;

create or replace function behalf.run_id() returns text
  language sql stable parallel safe
  return case when behalf.is_service() then behalf.service_header('x-behalf-run')
    else behalf.claims() -> 'act' ->> 'run' end;

create or replace function behalf.attempt() returns integer
  language sql stable parallel safe
  return (case when behalf.is_service() then substring(behalf.service_header('x-behalf-attempt') from '^\d{1,9}$')
    else substring(behalf.claims() -> 'act' ->> 'attempt' from '^\d{1,9}$') end)::integer;

create or replace function behalf.initiator() returns text
  language sql stable parallel safe
  return case when behalf.is_service() then behalf.service_header('x-behalf-initiator')
    else behalf.claims() ->> 'initiator' end;

-- Why the service role is used; null for users, who need no reason.
create or replace function behalf.reason() returns text
  language sql stable parallel safe
  return nullif(btrim(behalf.service_header('x-behalf-reason'), E' \t\n\r'), '');

-- Whether a task asks, rather than a person's own session. Any act claim counts, also one that says odd things.
create or replace function behalf.is_task() returns boolean
  language sql stable parallel safe
  return case when behalf.is_service() then behalf.service_header('x-behalf-task') is not null
    else coalesce(jsonb_typeof(behalf.claims() -> 'act') <> 'null', false) end;

-- What acts and what led to it, the one that asks first: the nested act claims of RFC 8693.
create or replace function behalf.actors() returns setof jsonb
  language sql stable parallel safe
begin atomic
  with recursive actors (act, hop) as (
    select behalf.claims() -> 'act', 1 where behalf.is_task()
    union all
    select act -> 'act', hop + 1 from actors where jsonb_typeof(act -> 'act') <> 'null'
  )
  select act from actors where not behalf.is_service() order by hop;
end;

-- The tasks that led here, the one that asks first. The service client sends those before its own as a JSON list.
create or replace function behalf.causes() returns text[]
  language sql stable parallel safe
  return case when behalf.is_service() then
    array_remove(array[behalf.service_header('x-behalf-task')], null) || array(
      select jsonb_array_elements_text(
        substring(behalf.service_header('x-behalf-cause')
          from '^\[(?:"(?:[^"\\[:cntrl:]]|\\(?:["\\/bfnrt]|u(?!0000|[dD][89a-fA-F])[0-9a-fA-F]{4}))*",?)*(?<!,)\]$')::jsonb))
    else array(select act ->> 'sub' from behalf.actors() as actors (act) where act ->> 'sub' is not null) end;

-- How many tasks led here: 0 for a person, 1 for a task that a person's request started.
create or replace function behalf.hops() returns integer
  language sql stable parallel safe
  return case when behalf.is_service() then cardinality(behalf.causes())
    else (select count(*)::integer from behalf.actors()) end;

-- Whether this task is among those that led here. For triggers that start it: when (not behalf.caused_by('…')).
create or replace function behalf.caused_by(task_id text) returns boolean
  language sql stable parallel safe
  return task_id = any (behalf.causes());

grant execute on function behalf.claims(), behalf.is_service(), behalf.decode_uri(text), behalf.service_header(text), behalf.user_id(), behalf.task(),
  behalf.run_id(), behalf.attempt(), behalf.initiator(), behalf.reason(), behalf.is_task(), behalf.actors(), behalf.causes(), behalf.hops(),
  behalf.caused_by(text) to public;
insert into behalf.migrations (name) values ('010_identity') on conflict do nothing;
