create table runtime.schedules (
  id text primary key,
  sequence bigint generated always as identity unique,
  type text not null check (type in ('DECLARATIVE', 'IMPERATIVE')),
  task text not null,
  cron text not null,
  timezone text not null,
  time_window text,
  external_id text,
  deduplication_key text not null unique,
  active boolean not null default true,
  next_at timestamptz not null,
  last_at timestamptz,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);

create index schedules_next on runtime.schedules (next_at) where active;
