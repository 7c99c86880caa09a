-- Payloads and outputs that are too large for a row.
create table runtime.packets (
  name text primary key,
  content_type text not null,
  data bytea not null,
  created_at timestamptz not null default now()
);
