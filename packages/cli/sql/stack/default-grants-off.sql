-- Hosted projects since 30 October 2026: a new table is closed until it is granted.
alter default privileges for role postgres in schema public revoke all on tables from anon, authenticated, service_role;
alter default privileges for role postgres in schema public revoke all on sequences from anon, authenticated, service_role;
alter database postgres set "behalf.default_grants" = 'off';
