-- $1: schemas, $2: roles. What runs with its owner's rights for somebody else's call. Triggers can't be called.
-- Schema behalf's are left out: they are made to be called, and each checks who asks.
select
  n.nspname::text as schema,
  f.oid::regprocedure::text as name,
  owner.rolname::text as owner,
  array(
    select r.rolname::text from pg_roles r
    where r.rolname = any ($2) and has_function_privilege(r.oid, f.oid, 'EXECUTE')
    order by 1
  ) as callers
from pg_proc f
join pg_namespace n on n.oid = f.pronamespace
join pg_roles owner on owner.oid = f.proowner
where n.nspname = any ($1)
  and n.nspname <> 'behalf'
  and f.prosecdef
  and f.prorettype not in ('trigger'::regtype, 'event_trigger'::regtype)
  and not exists (select from pg_depend d where d.classid = 'pg_proc'::regclass and d.objid = f.oid and d.deptype = 'e')
order by 1, 2;
