-- Database Webhooks as hosted projects have them: the trigger function supabase_functions.http_request and pg_net's net.http_* functions. A request is
-- a row, so a transaction that rolls back sends nothing; the stack delivers it after the commit.
create schema net;
create schema supabase_functions;
grant usage on schema net, supabase_functions to postgres, anon, authenticated, service_role;

create table net.http_request_queue (
  id bigint generated always as identity primary key,
  method text not null,
  url text not null,
  headers jsonb,
  body bytea,
  timeout_milliseconds integer not null
);

create table net._http_response (
  id bigint,
  status_code integer,
  content_type text,
  headers jsonb,
  content text,
  timed_out boolean,
  error_msg text,
  created timestamptz not null default now()
);
create index on net._http_response (created);

create table supabase_functions.hooks (
  id bigint generated always as identity primary key,
  hook_table_id integer not null,
  hook_name text not null,
  created_at timestamptz not null default now(),
  request_id bigint
);
create index on supabase_functions.hooks (request_id);
grant select on net._http_response, net.http_request_queue, supabase_functions.hooks to postgres, service_role;

create function net.enqueue(method text, url text, params jsonb, headers jsonb, body bytea, timeout_milliseconds integer) returns bigint
  language plpgsql security definer
  set search_path = ''
as $$
declare
  query text := (
    select string_agg(
      regexp_replace(encode(convert_to(key, 'UTF8'), 'hex'), '(..)', '%\1', 'g') || '=' || regexp_replace(encode(convert_to(value, 'UTF8'), 'hex'), '(..)', '%\1', 'g'), '&')
    from jsonb_each_text(coalesce(params, '{}')));
  request bigint;
begin
  if url !~* '^https?://' then
    raise exception 'net: % is no http URL', url using errcode = 'invalid_parameter_value';
  end if;
  insert into net.http_request_queue (method, url, headers, body, timeout_milliseconds)
  values (method, url || case when query is null then '' when url like '%?%' then '&' || query else '?' || query end, headers, body, timeout_milliseconds)
  returning id into request;
  notify net_http_request;
  return request;
end
$$;

create function net.http_get(url text, params jsonb default '{}', headers jsonb default '{}', timeout_milliseconds integer default 5000) returns bigint
  language sql return net.enqueue('GET', url, params, headers, null, timeout_milliseconds);

create function net.http_delete(url text, params jsonb default '{}', headers jsonb default '{}', timeout_milliseconds integer default 5000, body jsonb default null) returns bigint
  language sql return net.enqueue('DELETE', url, params, headers, convert_to(body::text, 'UTF8'), timeout_milliseconds);

create function net.http_post(
  url text, body jsonb default '{}', params jsonb default '{}', headers jsonb default '{"Content-Type": "application/json"}', timeout_milliseconds integer default 5000
) returns bigint
  language sql return net.enqueue('POST', url, params, headers, convert_to(body::text, 'UTF8'), timeout_milliseconds);

-- execute function supabase_functions.http_request(url, method, headers, params, timeout in milliseconds)
create function supabase_functions.http_request() returns trigger
  language plpgsql security definer
  set search_path = ''
as $$
declare
  url constant text := tg_argv[0];
  method constant text := upper(tg_argv[1]);
  headers constant jsonb := coalesce(nullif(tg_argv[2], 'null'), '{"Content-Type": "application/json"}')::jsonb;
  params constant jsonb := coalesce(nullif(tg_argv[3], 'null'), '{}')::jsonb;
  patience constant integer := coalesce(nullif(tg_argv[4], 'null')::integer, 1000);
  request bigint;
begin
  if url is null or url = 'null' then
    raise exception 'url argument is missing';
  end if;
  if method = 'GET' then
    request := net.http_get(url, params, headers, patience);
  elsif method = 'POST' then
    request := net.http_post(url, jsonb_build_object(
      'old_record', case when tg_op <> 'INSERT' then to_jsonb(old) end,
      'record', case when tg_op <> 'DELETE' then to_jsonb(new) end,
      'type', tg_op, 'table', tg_table_name, 'schema', tg_table_schema), params, headers, patience);
  else
    raise exception 'method argument % is invalid', tg_argv[1];
  end if;
  insert into supabase_functions.hooks (hook_table_id, hook_name, request_id) values (tg_relid::bigint::integer, tg_name, request);
  return case when tg_op = 'DELETE' then old else new end;
end
$$;

-- As on hosted projects, whoever may run SQL may send: schema net is not one that the API exposes.
grant execute on all functions in schema net to postgres, anon, authenticated, service_role;
