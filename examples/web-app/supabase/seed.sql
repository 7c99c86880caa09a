-- Example users, for this machine alone; their password is "example password".
insert into auth.users (instance_id, id, aud, role, email, encrypted_password, email_confirmed_at, raw_app_meta_data, raw_user_meta_data,
    confirmation_token, recovery_token, email_change_token_new, email_change, created_at, updated_at)
  select '00000000-0000-0000-0000-000000000000', id::uuid, 'authenticated', 'authenticated', email,
    extensions.crypt('example password', extensions.gen_salt('bf')), now(), '{"provider": "email", "providers": ["email"]}', '{}', '', '', '', '', now(), now()
  from (values
    ('11111111-1111-4111-8111-111111111111', 'ada@example.com'),
    ('22222222-2222-4222-8222-222222222222', 'grace@example.com')) as users (id, email);

insert into auth.identities (provider_id, user_id, identity_data, provider, last_sign_in_at, created_at, updated_at)
  select id::text, id, jsonb_build_object('sub', id, 'email', email), 'email', now(), now(), now() from auth.users;

insert into public.expenses (user_id, spent_on, category, amount) values
  ('11111111-1111-4111-8111-111111111111', '2026-10-02', 'Books', 42.50),
  ('11111111-1111-4111-8111-111111111111', '2026-10-09', 'Travel', 118.20),
  ('11111111-1111-4111-8111-111111111111', '2026-10-17', 'Books', 18.90),
  ('11111111-1111-4111-8111-111111111111', '2026-10-24', 'Punch cards', 64.00),
  ('11111111-1111-4111-8111-111111111111', '2026-11-03', 'Travel', 23.75),
  ('22222222-2222-4222-8222-222222222222', '2026-10-05', 'Relays', 310.00),
  ('22222222-2222-4222-8222-222222222222', '2026-10-28', 'Moth nets', 12.30);
