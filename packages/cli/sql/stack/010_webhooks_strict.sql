-- What pg_net and supabase_functions.http_request refuse, and what pg_net adds: otherwise a webhook works here and not on the hosted service.
create or replace function net.http_post(
  url text, body jsonb default '{}', params jsonb default '{}', headers jsonb default '{"Content-Type": "application/json"}', timeout_milliseconds integer default 5000
) returns bigint
  language plpgsql
  set search_path = ''
as $$
declare
  content_type constant text := (select value from jsonb_each_text(coalesce(headers, '{}')) where lower(key) = 'content-type' limit 1);
begin
  if content_type <> 'application/json' then
    raise exception 'Content-Type header must be "application/json"';
  end if;
  if content_type is null then
    headers := headers || '{"Content-Type": "application/json"}';
  end if;
  return net.enqueue('POST', url, params, headers, convert_to(body::text, 'UTF8'), timeout_milliseconds);
end
$$;

create or replace function supabase_functions.http_request() returns trigger
  language plpgsql security definer
  set search_path = ''
as $$
declare
  url constant text := tg_argv[0];
  method constant text := tg_argv[1];
  headers constant jsonb := coalesce(nullif(tg_argv[2], 'null'), '{"Content-Type": "application/json"}')::jsonb;
  params constant jsonb := coalesce(nullif(tg_argv[3], 'null'), '{}')::jsonb;
  patience constant integer := coalesce(nullif(tg_argv[4], 'null')::integer, 1000);
  request bigint;
begin
  if url is null or url = 'null' then
    raise exception 'url argument is missing';
  end if;
  if method is null or method = 'null' then
    raise exception 'method argument is missing';
  end if;
  if method = 'GET' then
    request := net.http_get(url, params, headers, patience);
  elsif method = 'POST' then
    request := net.http_post(url, jsonb_build_object(
      'old_record', case when tg_op <> 'INSERT' then to_jsonb(old) end,
      'record', case when tg_op <> 'DELETE' then to_jsonb(new) end,
      'type', tg_op, 'table', tg_table_name, 'schema', tg_table_schema), params, headers, patience);
  else
    raise exception 'method argument % is invalid', method;
  end if;
  insert into supabase_functions.hooks (hook_table_id, hook_name, request_id) values (tg_relid::bigint::integer, tg_name, request);
  return new;
end
$$;
