-- `[api] auto_expose_new_tables = true`: what the migrations create in public is open to the API's roles without a grant.
alter default privileges for role postgres in schema public grant all on tables to anon, authenticated, service_role;
alter default privileges for role postgres in schema public grant all on sequences to anon, authenticated, service_role;
alter database postgres set "behalf.default_grants" = 'on';
