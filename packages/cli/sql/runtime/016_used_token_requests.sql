-- The request that used a one-time token: sent again, because its answer was lost, it is the same use.
alter table runtime.used_tokens add column request text;
