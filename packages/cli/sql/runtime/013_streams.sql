alter table runtime.runs add column realtime_streams text[] not null default '{}';

create table runtime.stream_records (
  run_id text not null references runtime.runs (id) on delete cascade,
  key text not null,
  seq int not null,
  data text not null,
  -- A writer that was cut off goes on after the last part of its that arrived.
  writer text not null,
  part int not null,
  created_at timestamptz not null default now(),
  primary key (run_id, key, seq)
);

create unique index stream_records_part on runtime.stream_records (run_id, key, writer, part);

-- Appends parts in order and without gaps in `seq`; parts that are there already are left out. Returns the last `seq` of the stream.
create function runtime.append_records(run text, stream text, by text, first_part int, parts text[]) returns int
language plpgsql as $$
declare
  last int;
begin
  perform pg_advisory_xact_lock(hashtextextended(run || ' ' || stream, 1));
  select coalesce(max(seq), -1) into last from runtime.stream_records where run_id = run and key = stream;
  insert into runtime.stream_records (run_id, key, seq, data, writer, part)
  select run, stream, last + row_number() over (order by n), data, by, first_part + n::int - 1
  from unnest(parts) with ordinality as given (data, n)
  where not exists (
    select 1 from runtime.stream_records r
    where r.run_id = run and r.key = stream and r.writer = by and r.part = first_part + n::int - 1
  );
  select coalesce(max(seq), -1) into last from runtime.stream_records where run_id = run and key = stream;
  return last;
end
$$;
