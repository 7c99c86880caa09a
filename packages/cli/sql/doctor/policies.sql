-- $1: schemas. Policies with their expressions as Postgres writes them; with an empty search_path every name in them is qualified.
select
  n.nspname::text as schema,
  c.relname::text as "table",
  c.relrowsecurity as rls,
  p.polname::text as name,
  p.polpermissive as permissive,
  case p.polcmd when 'r' then 'select' when 'a' then 'insert' when 'w' then 'update' when 'd' then 'delete' else 'all' end as verb,
  array(
    select coalesce(r.rolname::text, 'public')
    from unnest(p.polroles) as o left join pg_roles r on r.oid = o
    order by 1
  ) as roles,
  pg_get_expr(p.polqual, p.polrelid) as "using",
  pg_get_expr(p.polwithcheck, p.polrelid) as "check",
  (
    select coalesce(jsonb_agg(distinct jsonb_build_object('name', f.oid::regproc::text, 'source', f.prosrc)), '[]')
    from pg_depend d
    join pg_proc f on f.oid = d.refobjid
    join pg_namespace s on s.oid = f.pronamespace
    where d.classid = 'pg_policy'::regclass and d.objid = p.oid and d.refclassid = 'pg_proc'::regclass
      and s.nspname not in ('auth', 'behalf', 'pg_catalog')
  ) as functions
from pg_policy p
join pg_class c on c.oid = p.polrelid
join pg_namespace n on n.oid = c.relnamespace
where n.nspname = any ($1)
order by 1, 2, 4;
