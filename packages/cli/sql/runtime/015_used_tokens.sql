-- One-time public tokens that were used, by hash, until they expire by themselves.
create table runtime.used_tokens (
  hash text primary key,
  expires_at timestamptz not null
);
