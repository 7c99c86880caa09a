-- Takes up to `most` runs of the given tasks for a server, in the order of their rank, and says they execute.
-- One claim at a time: what a queue has running is counted and added to without another claim in between.
create function runtime.claim_runs(server int, most int, tasks text[]) returns setof runtime.runs
language plpgsql as $$
begin
  perform pg_advisory_xact_lock(hashtext('behalf_runtime claim'));

  return query
  with limited as (
    select name, paused, coalesce(override_limit, concurrency_limit) as most
    from runtime.queues
    where paused or coalesce(override_limit, concurrency_limit) is not null
  ),
  free as (
    select r.id, r.rank, r.sequence
    from runtime.runs r
    where r.status in ('QUEUED', 'DELAYED') and r.ready_at <= now()
      and (r.expires_at is null or r.expires_at > now())
      and r.task = any (tasks)
      and r.queue not in (select name from limited)
    order by r.rank, r.sequence
    limit claim_runs.most
  ),
  places as (
    select r.id, r.rank, r.sequence, r.queue, r.concurrency_key, l.most,
      row_number() over (partition by r.queue, r.concurrency_key order by r.rank, r.sequence) as place
    from runtime.runs r
    join limited l on l.name = r.queue and not l.paused
    where r.status in ('QUEUED', 'DELAYED') and r.ready_at <= now()
      and (r.expires_at is null or r.expires_at > now())
      and r.task = any (tasks)
  ),
  running as (
    select queue, concurrency_key, count(*) as count
    from runtime.runs
    where status = 'EXECUTING' and queue in (select name from limited)
    group by queue, concurrency_key
  ),
  allowed as (
    select p.id, p.rank, p.sequence
    from places p
    left join running n on n.queue = p.queue and n.concurrency_key = p.concurrency_key
    where p.place + coalesce(n.count, 0) <= p.most
  ),
  chosen as (
    select id from (select * from free union all select * from allowed) candidates
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

-- Says that a run may be ready; in the same transaction that makes it so.
create function runtime.wake(run text, at timestamptz default now()) returns void
language sql as $$
  select graphile_worker.add_job('wake', json_build_object('run', run), run_at => at, max_attempts => 25)
$$;
