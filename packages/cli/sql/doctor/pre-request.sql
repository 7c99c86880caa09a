-- The function that PostgREST calls before each request, as it would be called; nothing where there is none.
select f.oid::regproc::text as name
from pg_db_role_setting s
join pg_roles r on r.oid = s.setrole
cross join unnest(s.setconfig) as setting
join pg_proc f on f.oid = to_regproc(substring(setting from '=(.*)'))
where r.rolname = 'authenticator' and setting like 'pgrst.db_pre_request=%'
  and s.setdatabase in (0, (select d.oid from pg_database d where d.datname = current_database()))
order by s.setdatabase desc
limit 1;
