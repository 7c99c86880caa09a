-- Processes that ended while they executed the run: one that takes its process with it can't be tried for ever.
alter table runtime.runs add column lost_count int not null default 0;
