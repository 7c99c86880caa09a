-- Where the Supabase CLI keeps what it has applied: a project moves between it and behalf without applying anything twice.
create schema supabase_migrations authorization postgres;
create table supabase_migrations.schema_migrations (
  version text not null primary key,
  statements text[],
  name text
);
create table supabase_migrations.seed_files (
  path text not null primary key,
  hash text not null
);
alter table supabase_migrations.schema_migrations owner to postgres;
alter table supabase_migrations.seed_files owner to postgres;

-- Realtime isn't here, but migrations add their tables to its publication.
create publication supabase_realtime;
alter publication supabase_realtime owner to postgres;
