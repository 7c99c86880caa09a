create table runtime.servers (
  id int generated always as identity primary key,
  started_at timestamptz not null default now()
);

-- A run's row is the truth about it; a graphile-worker job only says that one may be ready.
create table runtime.runs (
  id text primary key,
  sequence bigint generated always as identity unique,
  task text not null,
  status text not null check (status in (
    'PENDING_VERSION', 'DELAYED', 'QUEUED', 'EXECUTING', 'WAITING',
    'COMPLETED', 'FAILED', 'CANCELED', 'CRASHED', 'SYSTEM_FAILURE', 'EXPIRED', 'TIMED_OUT'
  )),
  queue text not null,
  concurrency_key text not null default '',
  -- Order in the queue: when it was created, moved ahead by its priority in seconds.
  rank timestamptz not null default now(),
  ready_at timestamptz not null default now(),
  owner int,
  attempt_count int not null default 0,
  max_attempts int,
  max_duration double precision,
  cancel_requested boolean not null default false,
  payload text,
  payload_type text not null default 'application/json',
  output text,
  output_type text,
  error jsonb,
  metadata jsonb not null default '{}',
  tags text[] not null default '{}',
  options jsonb not null default '{}',
  idempotency_key text,
  parent_id text,
  root_id text,
  depth int not null default 0,
  resume_parent boolean not null default false,
  batch_id text,
  batch_index int,
  schedule_id text,
  is_test boolean not null default false,
  is_replay boolean not null default false,
  ttl_seconds double precision,
  expires_at timestamptz,
  delay_until timestamptz,
  duration_ms double precision not null default 0,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  started_at timestamptz,
  finished_at timestamptz,
  expired_at timestamptz
);

create index runs_ready on runtime.runs (rank, sequence) where status in ('QUEUED', 'DELAYED');
create index runs_running on runtime.runs (queue, concurrency_key) where status = 'EXECUTING';
create index runs_owned on runtime.runs (owner) where status in ('EXECUTING', 'WAITING');
create index runs_expiring on runtime.runs (expires_at) where expires_at is not null and status in ('QUEUED', 'DELAYED');
create index runs_updated on runtime.runs (updated_at);
create index runs_parent on runtime.runs (parent_id) where parent_id is not null;
create index runs_batch on runtime.runs (batch_id, batch_index) where batch_id is not null;
create index runs_tags on runtime.runs using gin (tags);
create index runs_unknown_task on runtime.runs (task) where status = 'PENDING_VERSION';

create table runtime.idempotency_keys (
  task text not null,
  key text not null,
  run_id text not null references runtime.runs (id) on delete cascade,
  expires_at timestamptz,
  primary key (task, key)
);

create table runtime.queues (
  name text primary key,
  concurrency_limit int,
  override_limit int,
  overridden_at timestamptz,
  paused boolean not null default false
);
