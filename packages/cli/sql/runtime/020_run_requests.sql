alter table runtime.run_events drop constraint run_events_kind_check;
alter table runtime.run_events add constraint run_events_kind_check
  check (kind in ('log', 'waiting', 'retrying', 'request', 'span'));

-- Whose rights a run used, as its requests to Supabase showed.
create table runtime.run_identities (
  run_id text not null references runtime.runs (id) on delete cascade,
  identity jsonb not null,
  first_at timestamptz not null,
  primary key (run_id, identity)
);
