create table public.expenses (
  id bigint generated always as identity primary key,
  user_id uuid not null default auth.uid() references auth.users (id) on delete cascade,
  spent_on date not null default current_date,
  category text not null check (length(category) between 1 and 40),
  amount numeric(10, 2) not null check (amount > 0)
);

alter table public.expenses enable row level security;

create policy "own expenses" on public.expenses
  for all to authenticated
  using ((select auth.uid()) = user_id)
  with check ((select auth.uid()) = user_id);

grant select, insert, delete on public.expenses to authenticated;

create table public.reports (
  id bigint generated always as identity primary key,
  user_id uuid not null default auth.uid() references auth.users (id) on delete cascade,
  month text not null check (month ~ '^\d{4}-\d{2}$'),
  total numeric(12, 2) not null,
  -- An array of {"category": "…", "amount": 1.5}.
  lines jsonb not null,
  -- A second attempt of the same run writes the same row.
  run_id text not null default behalf.run_id(),
  created_at timestamptz not null default now(),
  unique (user_id, run_id)
);

alter table public.reports enable row level security;

create policy "own reports" on public.reports
  for select to authenticated
  using ((select auth.uid()) = user_id);

-- Users read their reports; the task alone writes them, for the user it acts as.
create policy "the task adds" on public.reports
  for insert to authenticated
  with check ((select auth.uid()) = user_id and (select behalf.task()) = 'write-report');

create policy "the task writes again" on public.reports
  for update to authenticated
  using ((select auth.uid()) = user_id and (select behalf.task()) = 'write-report')
  with check ((select auth.uid()) = user_id);

grant select, insert, update on public.reports to authenticated;

-- A task may do with these tables only what its grant's scope says.
select behalf.narrow('public.expenses', strict => true);
select behalf.narrow('public.reports', strict => true);

select behalf.audit('public.expenses');
select behalf.audit('public.reports');
