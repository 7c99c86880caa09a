// What auditing costs: behalf.audit() against supabase/supa_audit's published approach (a trigger for each row that stores both images, under an id made of
// the primary key) and against no audit, on tables alike, in turns. The rows are those of a hundred users.
import { readdirSync, readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startStack } from "@behalf/cli";
import pg from "pg";
import { median, reportRatio } from "./report.mjs";

// The approach of https://github.com/supabase/supa_audit 0.3.1, in words of our own: the same table, indexes and checks, the same work for each row.
const perRow = `
  create schema row_audit;
  create type row_audit.operation as enum ('INSERT', 'UPDATE', 'DELETE', 'TRUNCATE');
  create table row_audit.record_version (
    id bigserial primary key, record_id uuid, old_record_id uuid, op row_audit.operation not null, ts timestamptz not null default now(),
    table_oid oid not null, table_schema name not null, table_name name not null, record jsonb, old_record jsonb,
    check (coalesce(record_id, old_record_id) is not null or op = 'TRUNCATE'),
    check (op in ('INSERT', 'UPDATE') = (record_id is not null)), check (op in ('INSERT', 'UPDATE') = (record is not null)),
    check (op in ('UPDATE', 'DELETE') = (old_record_id is not null)), check (op in ('UPDATE', 'DELETE') = (old_record is not null)),
    auth_uid uuid default auth.uid(), auth_role text default auth.role()
  );
  create index on row_audit.record_version (record_id) where record_id is not null;
  create index on row_audit.record_version (old_record_id) where old_record_id is not null;
  create index on row_audit.record_version using brin (ts);
  create index on row_audit.record_version (table_oid);
  create function row_audit.key_columns(relation oid) returns text[] language sql stable security definer set search_path = '' as $$
    select coalesce(array_agg(a.attname::text order by a.attnum), '{}') from pg_index i
    join pg_attribute a on a.attrelid = i.indrelid and a.attnum = any (i.indkey) where i.indrelid = relation and i.indisprimary $$;
  create function row_audit.record_id(relation oid, keys text[], image jsonb) returns uuid language sql stable as $$
    select case when image is null then null when keys = '{}' then extensions.uuid_generate_v4() else (
      select extensions.uuid_generate_v5('fd62bc3d-8d6e-43c2-919c-802ba3762271',
        (jsonb_build_array(to_jsonb($1)) || jsonb_agg($3 ->> k))::text) from unnest($2) as x (k)) end $$;
  create function row_audit.record() returns trigger language plpgsql security definer as $$
  declare
    keys text[] := row_audit.key_columns(tg_relid);
    image jsonb := to_jsonb(new);
    image_id uuid := row_audit.record_id(tg_relid, keys, image);
    before jsonb := to_jsonb(old);
    before_id uuid := row_audit.record_id(tg_relid, keys, before);
  begin
    insert into row_audit.record_version (record_id, old_record_id, op, table_oid, table_schema, table_name, record, old_record)
    select image_id, before_id, tg_op::row_audit.operation, tg_relid, tg_table_schema, tg_table_name, image, before;
    return coalesce(new, old);
  end $$;`;

const tables = ["plain", "ours", "theirs"];
const directory = await mkdtemp(join(tmpdir(), "behalf-bench-"));
const stack = await startStack({ directory });
const client = new pg.Client(stack.adminDatabaseUrl);
try {
  await client.connect();
  const sql = new URL("../packages/behalf/sql/", import.meta.url);
  for (const file of readdirSync(sql)
    .filter((name) => name.endsWith(".sql"))
    .sort()) {
    await client.query(readFileSync(new URL(file, sql), "utf8"));
  }
  await client.query(`create extension if not exists "uuid-ossp" schema extensions`);
  await client.query(perRow);
  for (const table of tables) {
    await client.query(
      `create table public.${table} (id bigint primary key, user_id uuid, title text, done boolean, at timestamptz default now())`,
    );
  }
  await client.query(`select behalf.audit('public.ours')`);
  await client.query(
    `create trigger record after insert or update or delete on public.theirs for each row execute function row_audit.record()`,
  );
  await client.query(
    `select set_config('request.jwt.claims', '{"sub":"11111111-1111-4111-8111-111111111111","role":"authenticated","act":{"sub":"a-task","run":"run_1","attempt":1}}', false)`,
  );

  const statements = {
    insert: (table, count) =>
      `insert into public.${table} select n, ('00000000-0000-4000-8000-' || lpad((n % 100)::text, 12, '0'))::uuid, 'row ' || n, false from generate_series(1, ${count}) as n`,
    update: (table, count) => `update public.${table} set done = true where id <= ${count}`,
    delete: (table, count) => `delete from public.${table} where id <= ${count}`,
  };
  for (const [count, rounds] of [
    [1, 400],
    [10_000, 9],
  ]) {
    const times = Object.fromEntries(
      Object.keys(statements).map((verb) => [verb, { plain: [], ours: [], theirs: [] }]),
    );
    for (let round = -2; round < rounds; round++) {
      for (const verb of Object.keys(statements)) {
        for (const table of round % 2 === 0 ? tables : tables.toReversed()) {
          const start = performance.now();
          await client.query(statements[verb](table, count));
          if (round >= 0) times[verb][table].push(performance.now() - start);
        }
      }
    }
    for (const [verb, { plain, ours, theirs }] of Object.entries(times)) {
      const what = `${verb} of ${count.toLocaleString("en")} row${count === 1 ? "" : "s"}`;
      reportRatio(
        what,
        { ours: median(ours), theirs: median(theirs) },
        { against: "a trigger for each row", goal: count === 1 ? 1 : 0.2 },
      );
      reportRatio(`  ${what}`, { ours: median(ours), theirs: median(plain) }, { against: "no audit" });
    }
  }
} finally {
  await client.end();
  await stack.stop();
  await rm(directory, { recursive: true, force: true });
}
