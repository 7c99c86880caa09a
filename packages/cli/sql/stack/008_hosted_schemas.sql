-- Empty here. They are there from the start on the hosted service, and migrations install extensions into them.
create schema graphql;
create schema graphql_public;
create schema vault;
grant usage on schema graphql, graphql_public to anon, authenticated, service_role, postgres;
