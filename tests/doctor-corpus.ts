// Seeded faults, each with what the doctor has to say about it, and clean projects about which it has to say nothing.

/** `code where`: what a finding is compared by. */
export type Expected = string;

const owned = "id bigint generated always as identity primary key, user_id uuid not null default auth.uid()";
const own = "(select auth.uid()) = user_id";
const all = "select, insert, update, delete";

/** One faulty thing in schema `faulty`, and what is to be found. */
interface Fault {
  sql: string;
  expect: Expected[];
}

const withPolicy = (
  name: string,
  policy: string,
  grants = `grant ${all} on faulty.${name} to authenticated;`,
) => `
  create table faulty.${name} (${owned}, body text);
  alter table faulty.${name} enable row level security;
  create policy p on faulty.${name} ${policy};
  ${grants}`;

const policyFault = (name: string, code: string, policy: string): Fault => ({
  sql: withPolicy(name, policy),
  expect: [`${code} faulty.${name}, policy "p"`],
});

const claim = "DOCTOR_POLICY_CLAIM_MISSING";
const unwrapped = "DOCTOR_POLICY_NOT_WRAPPED";

const faults: Fault[] = [
  {
    sql: `create table faulty.rls_off (${owned}); grant select on faulty.rls_off to authenticated;`,
    expect: ["DOCTOR_RLS_OFF faulty.rls_off"],
  },
  {
    sql: `create table faulty.rls_off_column (${owned}, body text); grant select (body) on faulty.rls_off_column to anon;`,
    expect: ["DOCTOR_RLS_OFF faulty.rls_off_column"],
  },
  {
    sql: `create table faulty.rls_off_policy (${owned}); grant ${all} on faulty.rls_off_policy to authenticated;
      create policy p on faulty.rls_off_policy for all to authenticated using (${own});`,
    expect: ["DOCTOR_RLS_OFF faulty.rls_off_policy"],
  },
  {
    sql: `create table faulty.rls_off_partition (id int, user_id uuid) partition by list (id);
      alter table faulty.rls_off_partition enable row level security;
      create policy p on faulty.rls_off_partition for select to authenticated using (${own});
      create table faulty.rls_off_partition_1 partition of faulty.rls_off_partition for values in (1);
      grant select on faulty.rls_off_partition, faulty.rls_off_partition_1 to authenticated;`,
    expect: ["DOCTOR_RLS_OFF faulty.rls_off_partition_1"],
  },
  {
    sql: `create table faulty.no_policy (${owned}); alter table faulty.no_policy enable row level security;
      grant select on faulty.no_policy to authenticated;`,
    expect: ["DOCTOR_RLS_WITHOUT_POLICY faulty.no_policy"],
  },
  policyFault("without_to", "DOCTOR_POLICY_WITHOUT_TO", `for select using (${own})`),
  policyFault("public_write", "DOCTOR_POLICY_WITHOUT_TO", "for insert with check (true)"),
  policyFault("bare_uid", unwrapped, "for all to authenticated using (auth.uid() = user_id)"),
  policyFault("bare_check", unwrapped, `for insert to authenticated with check (user_id = auth.uid())`),
  policyFault(
    "half_wrapped",
    unwrapped,
    `for update to authenticated using (${own}) with check (auth.uid() = user_id)`,
  ),
  policyFault("bare_role", unwrapped, "for select to authenticated using (auth.role() = 'authenticated')"),
  policyFault(
    "bare_in_subquery",
    unwrapped,
    "for select to authenticated using (exists (select from faulty.bare_uid b where b.user_id = auth.uid()))",
  ),
  policyFault(
    "bare_setting",
    unwrapped,
    "for select to authenticated using (current_setting('request.jwt.claims', true)::jsonb ->> 'sub' = user_id::text)",
  ),
  policyFault(
    "hook_claim",
    claim,
    "for select to authenticated using ((select auth.jwt() ->> 'tenant') = body)",
  ),
  policyFault(
    "app_metadata",
    claim,
    "for select to authenticated using ((select auth.jwt() -> 'app_metadata' ->> 'tenant') = body)",
  ),
  policyFault(
    "path_claim",
    claim,
    "for select to authenticated using ((select auth.jwt() #>> '{app_metadata,tenant}') = body)",
  ),
  policyFault("email", claim, "for select to authenticated using ((select auth.email()) = body)"),
  policyFault(
    "session",
    claim,
    "for select to authenticated using ((select (auth.jwt() ->> 'session_id')) = body)",
  ),
  policyFault(
    "aal2",
    claim,
    `as restrictive for select to authenticated using ((select auth.jwt() ->> 'aal') = 'aal2')`,
  ),
  {
    sql: `create function faulty.tenant() returns text language sql stable as $$ select auth.jwt() ->> 'tenant' $$;
      ${withPolicy("claim_in_function", "for select to authenticated using ((select faulty.tenant()) = body)")}`,
    expect: [`${claim} faulty.claim_in_function, policy "p"`],
  },
  policyFault(
    "user_metadata",
    "DOCTOR_POLICY_USER_METADATA",
    "for select to authenticated using ((select auth.jwt() -> 'user_metadata' ->> 'admin') = 'true')",
  ),
  {
    sql: withPolicy("no_grant", `for all to authenticated using (${own})`, ""),
    expect: ["DOCTOR_GRANT_MISSING faulty.no_grant"],
  },
  {
    sql: `create sequence faulty.numbers; create table faulty.numbered (id bigint primary key default nextval('faulty.numbers'), user_id uuid);
      alter table faulty.numbered enable row level security;
      create policy p on faulty.numbered for insert to authenticated with check (${own});
      grant insert on faulty.numbered to authenticated;`,
    expect: ["DOCTOR_SEQUENCE_GRANT_MISSING faulty.numbered"],
  },
  {
    sql: withPolicy(
      "no_insert_grant",
      `for insert to authenticated with check (${own})`,
      "grant select on faulty.no_insert_grant to authenticated;",
    ),
    expect: ["DOCTOR_GRANT_MISSING faulty.no_insert_grant"],
  },
  {
    sql: `create function faulty.definer(a int) returns int language sql security definer as 'select a';`,
    expect: ["DOCTOR_DEFINER_FUNCTION faulty.definer(integer)"],
  },
  {
    sql: "create view faulty.definer_view as select id from faulty.no_policy; grant select on faulty.definer_view to authenticated;",
    expect: ["DOCTOR_DEFINER_VIEW faulty.definer_view"],
  },
  {
    sql: `create view faulty.view_of_view as select id from faulty.definer_view; grant select on faulty.view_of_view to anon;`,
    expect: ["DOCTOR_DEFINER_VIEW faulty.view_of_view"],
  },
  {
    sql: "create materialized view faulty.frozen as select 1 as id; grant select on faulty.frozen to authenticated;",
    expect: ["DOCTOR_NO_RLS_POSSIBLE faulty.frozen"],
  },
  {
    sql: "create role faulty_bypass nologin bypassrls; grant faulty_bypass to authenticator;",
    expect: ["DOCTOR_ROLE_BYPASSES_RLS faulty_bypass"],
  },
  {
    sql: "create role faulty_member nologin; grant faulty_bypass to faulty_member; grant faulty_member to authenticator;",
    expect: ["DOCTOR_ROLE_BYPASSES_RLS faulty_member"],
  },
];

export const faultySchema = `create schema faulty; grant usage on schema faulty to anon, authenticated, service_role;
  alter default privileges in schema faulty revoke all on tables from anon, authenticated, service_role;
  ${faults.map(({ sql }) => sql).join("\n")}`;

export const expectedInSchema: Expected[] = faults.flatMap(({ expect }) => expect);

/** What careful projects do: each of it resembles a fault. */
export const cleanSchema = `
  create schema clean; grant usage on schema clean to anon, authenticated, service_role;
  create schema hidden; grant usage on schema hidden to authenticated;

  create table clean.notes (${owned}, body text default 'auth.uid()');
  alter table clean.notes enable row level security;
  create policy "own notes" on clean.notes for all to authenticated using (${own}) with check (${own});
  grant ${all} on clean.notes to authenticated, service_role;

  create table clean.countries (code text primary key);
  alter table clean.countries enable row level security;
  create policy "everybody reads" on clean.countries for select to anon, authenticated using (true);
  grant select on clean.countries to anon, authenticated;

  -- Only the service role reaches it.
  create table clean.jobs (id int primary key);
  alter table clean.jobs enable row level security;
  grant ${all} on clean.jobs to service_role;
  create table clean.internal (id int primary key);

  -- A column grant is a grant; a restrictive policy is rightly for everybody.
  create table clean.profiles (user_id uuid primary key, name text, secret text);
  alter table clean.profiles enable row level security;
  create policy "own profile" on clean.profiles for select to authenticated using (${own});
  create policy "no banned words" on clean.profiles as restrictive for select using (name <> 'auth.jwt() ->> ''tenant''');
  grant select (user_id, name) on clean.profiles to authenticated;

  -- Claims that every minted token has.
  create table clean.tasks (${owned}, task text);
  alter table clean.tasks enable row level security;
  create policy "its own task's" on clean.tasks for select to authenticated
    using ((select auth.jwt() -> 'act' ->> 'sub') = task and (select auth.jwt() ->> 'aal') in ('aal1', 'aal2x') and not (select (auth.jwt() ->> 'is_anonymous')::boolean));
  grant select on clean.tasks to authenticated;

  -- Membership through a definer function that the API doesn't serve.
  create table hidden.members (team int, user_id uuid);
  create function hidden.teams() returns setof int language sql stable security definer set search_path = ''
    as $$ select team from hidden.members where user_id = (select auth.uid()) $$;
  create table clean.documents (id bigint generated always as identity primary key, team int);
  alter table clean.documents enable row level security;
  create policy "of one's teams" on clean.documents for select to authenticated using (team in (select hidden.teams()));
  grant select on clean.documents to authenticated;

  -- Definer functions that nobody can call through the API, and a view that asks as whoever asks.
  create function clean.touch() returns trigger language plpgsql security definer set search_path = '' as 'begin return new; end';
  create function clean.sweep() returns int language sql security definer set search_path = '' as 'select 1';
  revoke execute on function clean.sweep() from public, anon, authenticated;
  create view clean.titles with (security_invoker = on) as select id, body from clean.notes;
  grant select on clean.titles to authenticated;
  create view clean.now as select now() as at;
  grant select on clean.now to anon;
  create materialized view clean.totals as select count(*) from clean.notes;

  -- Partitions are reached through their parent alone.
  create table clean.events (id int, user_id uuid) partition by list (id);
  create table clean.events_1 partition of clean.events for values in (1);
  alter table clean.events enable row level security;
  create policy "own events" on clean.events for select to authenticated using (${own});
  grant select on clean.events to authenticated;

  -- A default that draws from a sequence, with its grant.
  create table clean.tickets (id bigserial primary key, user_id uuid);
  alter table clean.tickets enable row level security;
  create policy "own tickets" on clean.tickets for all to authenticated using (${own});
  grant ${all} on clean.tickets to authenticated;
  grant usage on sequence clean.tickets_id_seq to authenticated;
  create role clean_reader nologin; grant clean_reader to authenticator;
`;
