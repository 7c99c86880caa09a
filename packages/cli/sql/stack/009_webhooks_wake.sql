-- NOTIFY makes transactions commit one after the other. So it is sent only while nobody delivers, which two advisory locks tell ('net.' as a number, and 1 or 2):
-- 1 is held by who delivers, for as long as it looks into the queue by itself; 2 is shared by the transactions that have queued something and haven't ended.
-- Before it stops looking it gives up 1, and looks on until nobody holds 2 any more: no transaction that saw it at work is left then.
create or replace function net.enqueue(method text, url text, params jsonb, headers jsonb, body bytea, timeout_milliseconds integer) returns bigint
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
  perform pg_advisory_xact_lock_shared(1852142638, 2);
  insert into net.http_request_queue (method, url, headers, body, timeout_milliseconds)
  values (method, url || case when query is null then '' when url like '%?%' then '&' || query else '?' || query end, headers, body, timeout_milliseconds)
  returning id into request;
  -- Not for the transaction: whoever wakes up wants it.
  if pg_try_advisory_lock_shared(1852142638, 1) then
    perform pg_advisory_unlock_shared(1852142638, 1);
    notify net_http_request;
  end if;
  return request;
end
$$;
