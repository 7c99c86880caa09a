-- A run that was in two processes when they ended may be why. From then on it executes in a process of its own, so that it can't take
-- others with it, and others can't be blamed for it.
alter table runtime.runs add column alone boolean generated always as (lost_count > 1) stored;
create index runs_alone on runtime.runs (rank, sequence) where alone and status in ('QUEUED', 'DELAYED');

drop function runtime.claim_runs(int, int, text[]);

-- Takes up to `most` runs of the given tasks for a server, in the order of their rank, and says they execute; of those that execute
-- alone up to `most_alone`.
-- One claim at a time: what a queue has running is counted and added to without another claim in between.
create function runtime.claim_runs(server int, most int, most_alone int, tasks text[]) returns setof runtime.runs
language plpgsql as $$
begin
  perform pg_advisory_xact_lock(hashtext('behalf_runtime claim'));

  return query
  with limited as (
    select name, paused, coalesce(override_limit, concurrency_limit) as most
    from runtime.queues
    where paused or coalesce(override_limit, concurrency_limit) is not null
  ),
  ready as not materialized (
    select r.id, r.rank, r.sequence, r.queue, r.concurrency_key, r.alone
    from runtime.runs r
    where r.status in ('QUEUED', 'DELAYED') and r.ready_at <= now()
      and (r.expires_at is null or r.expires_at > now())
      and r.task = any (tasks)
  ),
  free as (
    select id, rank, sequence, alone from ready
    where not alone and queue not in (select name from limited)
    order by rank, sequence
    limit claim_runs.most
  ),
  free_alone as (
    select id, rank, sequence, alone from ready
    where alone and queue not in (select name from limited)
    order by rank, sequence
    limit most_alone
  ),
  places as (
    select r.id, r.rank, r.sequence, r.alone, r.queue, r.concurrency_key, l.most,
      row_number() over (partition by r.queue, r.concurrency_key order by r.rank, r.sequence) as place
    from ready r
    join limited l on l.name = r.queue and not l.paused
  ),
  running as (
    select queue, concurrency_key, count(*) as count
    from runtime.runs
    where status = 'EXECUTING' and queue in (select name from limited)
    group by queue, concurrency_key
  ),
  allowed as (
    select p.id, p.rank, p.sequence, p.alone
    from places p
    left join running n on n.queue = p.queue and n.concurrency_key = p.concurrency_key
    where p.place + coalesce(n.count, 0) <= p.most
  ),
  candidates as (
    select * from free union all select * from free_alone union all select * from allowed
  ),
  chosen as (
    select id from (
      (select * from candidates where not alone)
      union all
      (select * from candidates where alone order by rank, sequence limit most_alone)
    ) c
    order by rank, sequence
    limit claim_runs.most
  ),
  held as (
    select r.id from runtime.runs r join chosen c on c.id = r.id
    for update of r skip locked
  )
  update runtime.runs r
  set status = 'EXECUTING', attempt_count = r.attempt_count + 1, owner = server,
    started_at = coalesce(r.started_at, now()), updated_at = now()
  from held
  where r.id = held.id and r.status in ('QUEUED', 'DELAYED')
  returning r.*;
end
$$;
