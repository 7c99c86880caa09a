-- The schemas that a hosted project's API serves, as its settings say; nothing where they aren't in the database.
select substring(setting from '=(.*)') as schemas
from pg_db_role_setting s
join pg_roles r on r.oid = s.setrole
cross join unnest(s.setconfig) as setting
where r.rolname = 'authenticator' and setting like 'pgrst.db_schemas=%'
  and s.setdatabase in (0, (select d.oid from pg_database d where d.datname = current_database()))
order by s.setdatabase desc
limit 1;
