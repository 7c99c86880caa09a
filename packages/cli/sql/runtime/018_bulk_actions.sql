create table runtime.bulk_actions (
  id text primary key,
  sequence bigint generated always as identity unique,
  name text,
  action text not null check (action in ('cancel', 'replay')),
  run_ids text[] not null,
  success int not null default 0,
  failure int not null default 0,
  created_at timestamptz not null default now(),
  completed_at timestamptz
);
