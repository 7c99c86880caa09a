create table runtime.waitpoints (
  id text primary key,
  sequence bigint generated always as identity unique,
  type text not null check (type in ('TOKEN', 'DURATION', 'INPUT_STREAM')),
  status text not null default 'WAITING' check (status in ('WAITING', 'COMPLETED', 'TIMED_OUT')),
  output text,
  output_type text,
  tags text[] not null default '{}',
  idempotency_key text,
  idempotency_expires_at timestamptz,
  -- A token times out then; a duration is over then.
  due_at timestamptz,
  -- Which record of which input stream completes it.
  run_id text,
  stream_key text,
  stream_seq int,
  created_at timestamptz not null default now(),
  completed_at timestamptz
);

create unique index waitpoints_key on runtime.waitpoints (idempotency_key) where idempotency_key is not null;
create index waitpoints_due on runtime.waitpoints (due_at) where status = 'WAITING';
create index waitpoints_stream on runtime.waitpoints (run_id, stream_key) where status = 'WAITING' and run_id is not null;
