-- $1: schemas, $2: roles. Tables, views and the like, with what each role may do with them.
select
  n.nspname::text as schema,
  c.relname::text as name,
  c.relkind::text as kind,
  c.relrowsecurity as rls,
  owner.rolname::text as owner,
  coalesce((
    select array_agg(p.polname::text order by p.polname) from pg_policy p where p.polrelid = c.oid
  ), '{}') as policies,
  coalesce((
    select bool_or(split_part(o, '=', 2) in ('true', 'on', 'yes', '1'))
    from unnest(c.reloptions) as o where o like 'security_invoker=%'
  ), false) as "invoker",
  (
    select jsonb_object_agg(r.rolname, (
      select coalesce(jsonb_agg(lower(v)), '[]')
      from unnest(array['SELECT', 'INSERT', 'UPDATE', 'DELETE']) as v
      -- What is granted by columns is granted. Nobody can delete a column of a row.
      where has_table_privilege(r.oid, c.oid, v)
        or case when v <> 'DELETE' then has_any_column_privilege(r.oid, c.oid, v) end
    ))
    from pg_roles r where r.rolname = any ($2)
  ) as privileges,
  (
    select coalesce(jsonb_agg(r.rolname), '[]')
    from pg_roles r where r.rolname = any ($2) and has_schema_privilege(r.oid, n.oid, 'USAGE')
  ) as "schemaUsers",
  (
    select coalesce(jsonb_agg(jsonb_build_object(
      'name', d.refobjid::regclass::text,
      'users', (
        select coalesce(jsonb_agg(r.rolname), '[]')
        from pg_roles r where r.rolname = any ($2) and has_sequence_privilege(r.oid, d.refobjid, 'USAGE')
      )
    )), '[]')
    from pg_attrdef a
    join pg_depend d on d.classid = 'pg_attrdef'::regclass and d.objid = a.oid and d.refclassid = 'pg_class'::regclass
    join pg_class s on s.oid = d.refobjid and s.relkind = 'S'
    where a.adrelid = c.oid
  ) as sequences,
  (
    with recursive read as (
      select c.oid
      union
      select d.refobjid
      from read
      join pg_rewrite w on w.ev_class = read.oid
      join pg_depend d on d.classid = 'pg_rewrite'::regclass and d.objid = w.oid and d.refclassid = 'pg_class'::regclass
    )
    select coalesce(array_agg(distinct b.oid::regclass::text), '{}')
    from read join pg_class b on b.oid = read.oid
    where c.relkind in ('v', 'm') and b.relkind in ('r', 'p') and b.relrowsecurity
  ) as "protectedBelow"
from pg_class c
join pg_namespace n on n.oid = c.relnamespace
join pg_roles owner on owner.oid = c.relowner
where n.nspname = any ($1)
  and c.relkind in ('r', 'p', 'v', 'm', 'f')
  and not exists (select from pg_depend d where d.classid = 'pg_class'::regclass and d.objid = c.oid and d.deptype = 'e')
order by 1, 2;
