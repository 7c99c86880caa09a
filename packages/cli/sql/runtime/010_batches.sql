create table runtime.batches (
  id text primary key,
  run_count int not null,
  parent_id text,
  resume_parent boolean not null default false,
  idempotency_key text unique,
  -- Of the one-time public token that made it: only its holder may add items.
  token_hash text,
  sealed_at timestamptz,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);

-- Which run an item became: with an idempotency key one that may belong to no batch, or to another.
create table runtime.batch_items (
  batch_id text not null references runtime.batches (id) on delete cascade,
  index int not null,
  run_id text not null,
  primary key (batch_id, index)
);

create index batch_items_run on runtime.batch_items (run_id);
