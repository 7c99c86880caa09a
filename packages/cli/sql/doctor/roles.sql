-- Every role that a token may name: what authenticator was granted, and the two that Supabase always has.
with recursive
  nameable as (
    select r.oid, r.rolname::text as name, r.rolbypassrls or r.rolsuper as bypasses
    from pg_roles r
    where r.rolname in ('anon', 'authenticated')
      or exists (
        select from pg_auth_members m
        join pg_roles a on a.oid = m.member
        where m.roleid = r.oid and a.rolname = 'authenticator'
      )
  ),
  -- A role whose token may go on to `set role`, through whatever was granted to it.
  reached as (
    select n.oid as start, n.oid from nameable n
    union
    select t.start, m.roleid from reached t join pg_auth_members m on m.member = t.oid
  )
select
  n.name,
  n.bypasses,
  coalesce((
    select array_agg(r.rolname::text order by r.rolname)
    from reached t join pg_roles r on r.oid = t.oid
    where t.start = n.oid and t.oid <> n.oid and (r.rolbypassrls or r.rolsuper)
  ), '{}') as through
from nameable n
order by n.name;
