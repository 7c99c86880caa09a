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
-- As on projects that were made before grants had to be given by hand: what keeps anon out is the policies.
grant select, insert on public.notes to anon;

create index notes_user_id_idx on public.notes (user_id);

-- When the token of this very request ends, as the database was told. The long-running task shows by it that its token is renewed.
create function public.token_expires_at() returns timestamptz
  language sql stable
  return to_timestamp((auth.jwt() ->> 'exp')::bigint);

grant execute on function public.token_expires_at() to authenticated;
