-- Two users, so that there is always somebody whose rows must not be seen.
insert into auth.users (id, email, raw_app_meta_data) values
  ('11111111-1111-4111-8111-111111111111', 'ada@example.com', '{"provider": "email", "providers": ["email"]}'),
  ('22222222-2222-4222-8222-222222222222', 'grace@example.com', '{"provider": "email", "providers": ["email"]}');

insert into public.notes (user_id, body) values
  ('11111111-1111-4111-8111-111111111111', 'Ada: the engine weaves algebraic patterns'),
  ('11111111-1111-4111-8111-111111111111', 'Ada: check the Bernoulli numbers'),
  ('22222222-2222-4222-8222-222222222222', 'Grace: found a moth in relay 70');

insert into public.user_subscriptions (user_id, plan) values
  ('22222222-2222-4222-8222-222222222222', 'pro');
