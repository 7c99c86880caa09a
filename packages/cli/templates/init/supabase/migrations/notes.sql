create table public.notes (
  id bigint generated always as identity primary key,
  user_id uuid not null default auth.uid() references auth.users (id) on delete cascade,
  body text not null,
  created_at timestamptz not null default now()
);

alter table public.notes enable row level security;

create policy "own notes" on public.notes
  for all to authenticated
  using ((select auth.uid()) = user_id)
  with check ((select auth.uid()) = user_id);

grant select, insert, update, delete on public.notes to authenticated, service_role;

create index notes_user_id_idx on public.notes (user_id);

-- From now on every change of a note says which user, task and run made it: behalf audit
select behalf.audit('public.notes');
