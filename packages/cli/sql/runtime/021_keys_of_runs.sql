-- Deleting a run looks for the keys that name it.
create index idempotency_keys_run on runtime.idempotency_keys (run_id);
