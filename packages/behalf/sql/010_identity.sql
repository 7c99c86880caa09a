-- Who asks. The user (sub), the actor (act: a task's run) and the initiator are kept apart. For users all three come from the signed token;
-- for the service role, from the headers that behalf's service client sends. A header on a user's request changes nothing.
select pg_advisory_xact_lock(hashtext('behalf.migrations'));

create schema if not exists behalf;
grant usage on schema behalf to public;

create table if not exists behalf.migrations (
  name text primary key,
  applied_at timestamptz not null default now()
);

-- SQL-standard bodies are parsed now, so no search_path can change what they mean, and the planner can inline them.
create or replace function behalf.claims() returns jsonb
  language sql stable parallel safe
  return coalesce(nullif(current_setting('request.jwt.claims', true), ''), '{}')::jsonb;

create or replace function behalf.is_service() returns boolean
  language sql stable parallel safe
  return coalesce(behalf.claims() ->> 'role' = 'service_role', false);

-- encodeURIComponent's inverse. What isn't UTF-8 stays as it is: a header must not be able to break a write.
create or replace function behalf.decode_uri(encoded text) returns text
  language plpgsql immutable strict parallel safe
  set search_path = ''
as $$
begin
  if encoded !~ '%' then
    return encoded;
  end if;
  return (
    select convert_from(
      string_agg(
        case when part[1] like '\%%' and length(part[1]) > 1
          then decode(replace(part[1], '%', ''), 'hex')
          else convert_to(part[1], 'UTF8')
        end, ''::bytea order by place),
      'UTF8')
    from regexp_matches(encoded, '(?:%[0-9A-Fa-f]{2})+|[^%]+|%', 'g') with ordinality as parts (part, place)
  );
exception when others then
  return encoded;
end
$$;

-- A header of the service client; null on any other request.
create or replace function behalf.service_header(name text) returns text
  language sql stable parallel safe
  return case when behalf.is_service() then
    behalf.decode_uri(nullif(current_setting('request.headers', true), '')::jsonb ->> name)
  end;

-- The user's id as text: a third-party provider's is no uuid.
create or replace function behalf.user_id() returns text
  language sql stable parallel safe
  return behalf.claims() ->> 'sub';

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
  return nullif(trim(behalf.service_header('x-behalf-reason')), '');

-- Whether a task asks, rather than a person's own session.
create or replace function behalf.is_task() returns boolean
  language sql stable parallel safe
  return behalf.task() is not null;

-- The tasks that led here, the one that asks first: the nested act claims of RFC 8693, or the service client's list.
create or replace function behalf.causes() returns text[]
  language plpgsql stable parallel safe
  set search_path = ''
as $$
declare
  act jsonb := behalf.claims() -> 'act';
  chain text[] := '{}';
begin
  if behalf.is_service() then
    select array_remove(array[behalf.task()] || array_agg(cause order by place), null) into chain
    from jsonb_array_elements_text(coalesce(behalf.service_header('x-behalf-cause'), '[]')::jsonb) with ordinality as causes (cause, place);
    return chain;
  end if;
  while act ->> 'sub' is not null loop
    chain := chain || (act ->> 'sub');
    act := act -> 'act';
  end loop;
  return chain;
exception when invalid_text_representation then
  return array_remove(array[behalf.task()], null);
end
$$;

-- How many tasks led here: 0 for a person, 1 for a task that a person's request started.
create or replace function behalf.hops() returns integer
  language sql stable parallel safe
  return cardinality(behalf.causes());

-- Whether this task is among those that led here. For triggers that start it: when (not behalf.caused_by('…')).
create or replace function behalf.caused_by(task_id text) returns boolean
  language sql stable parallel safe
  return task_id = any (behalf.causes());

grant execute on all functions in schema behalf to public;
insert into behalf.migrations (name) values ('010_identity') on conflict do nothing;
