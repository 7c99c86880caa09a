-- Each Database Webhook with its address, and each function that sends by itself with the addresses written in it.
select format('%s.%s, trigger "%s"', n.nspname, c.relname, t.tgname) as place,
  split_part(encode(t.tgargs, 'escape'), '\000', 1) as address
from pg_catalog.pg_trigger as t
join pg_catalog.pg_class as c on c.oid = t.tgrelid
join pg_catalog.pg_namespace as n on n.oid = c.relnamespace
join pg_catalog.pg_proc as p on p.oid = t.tgfoid
join pg_catalog.pg_namespace as pn on pn.oid = p.pronamespace
where not t.tgisinternal and pn.nspname = 'supabase_functions' and p.proname = 'http_request'
union
select format('function %s.%s', n.nspname, p.proname), literal[1]
from pg_catalog.pg_proc as p
join pg_catalog.pg_namespace as n on n.oid = p.pronamespace
cross join regexp_matches(p.prosrc, '''(https?://[^'']+)''', 'gi') as literals (literal)
where n.nspname not in ('pg_catalog', 'information_schema', 'net', 'supabase_functions', 'extensions') and p.prosrc ~ '\mnet\.http_'
order by 1;
