create table public.user_subscriptions (
  user_id uuid primary key references auth.users (id) on delete cascade,
  plan text not null default 'hobby' check (plan in ('hobby', 'pro', 'enterprise')),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);

alter table public.user_subscriptions enable row level security;

-- One policy for the four verbs: a signed-in user has their own subscription and no other.
create policy "own subscription" on public.user_subscriptions
  for all to authenticated
  using ((select auth.uid()) = user_id)
  with check ((select auth.uid()) = user_id);

grant select, insert, update, delete on public.user_subscriptions to authenticated, service_role;
-- As on projects that were made before grants had to be given by hand: what keeps anon out is the policies.
grant select, insert on public.user_subscriptions to anon;
