-- What a run logged, and when it waited or was retried: what its row doesn't say.
create table runtime.run_events (
  id bigint generated always as identity primary key,
  run_id text not null references runtime.runs (id) on delete cascade,
  at timestamptz not null,
  kind text not null check (kind in ('log', 'waiting', 'retrying')),
  level text,
  message text not null,
  properties jsonb
);

create index run_events_run on runtime.run_events (run_id, id);
