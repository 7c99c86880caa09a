import { Client } from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { StackError } from "../errors.js";
import { startStack } from "../index.js";
import { startTestStack, type TestStack } from "../test-support.js";

let stack: TestStack;
let database: Client;
beforeAll(async () => {
  stack = await startTestStack({
    "supabase/config.toml": `
      project_id = "one"
      [api]
      schemas = ["public", "api"]
      enabled = true
      max_rows = 2
      auto_expose_new_tables = true
      [db.seed]
      sql_paths = ["./seeds/*.sql", "./seed.sql"]
      [auth.mfa]
      max_enrolled_factors = 10
      [analytics]
      enabled = false
      [auth]
      enabled = false
      [studio]
      port = 54323`,
    "supabase/migrations/20260101000000_first.sql": `
      create schema api;
      grant usage on schema api to anon, authenticated, service_role;
      create table public.log (id bigint generated always as identity primary key, line text);`,
    "supabase/migrations/20260101000001_second.sql": `
      insert into public.log (line) values ('from the second migration; with a semicolon');
      create function public.f() returns int language sql begin atomic select 1; select case when true then 2 end; end;
      create table api.things (id int);
      grant select on api.things to anon;`,
    "supabase/migrations/notes.md": "not a migration",
    "supabase/seed.sql": "insert into public.log (line) values ('seed');",
    "supabase/seeds/b.sql": "insert into public.log (line) values ('b');",
    "supabase/seeds/a.sql": "insert into public.log (line) values ('a');",
  });
  database = new Client({ connectionString: stack.databaseUrl });
  await database.connect();
});
afterAll(async () => {
  await database?.end();
  await stack?.end();
});

const lines = async () =>
  (await database.query("select line from public.log order by id")).rows.map((row) => row.line);

/** Writes a migration, tries to apply it, takes it away again: the error and what it left. */
async function attempt(sql: string) {
  const file = "supabase/migrations/20260301000000_attempt.sql";
  stack.folder.write({ [file]: sql });
  const error = await stack.applyMigrations().catch((reason: unknown) => reason);
  stack.folder.remove(file);
  return error;
}

test("in order, each once, recorded as the Supabase CLI records them; then the seeds", async () => {
  expect(await lines()).toEqual(["from the second migration; with a semicolon", "a", "b", "seed"]);
  const { rows } = await database.query(
    "select version, name, statements from supabase_migrations.schema_migrations order by version",
  );
  expect(rows).toMatchObject([
    { version: "20260101000000", name: "first" },
    { version: "20260101000001", name: "second" },
  ]);
  expect(rows[1].statements).toHaveLength(4);
  expect(await stack.applyMigrations()).toEqual({ applied: [], seeded: [] });
  expect(await lines()).toHaveLength(4);
});

test("a seed that has changed isn't run again, and that is said", async () => {
  stack.folder.write({ "supabase/seed.sql": "insert into public.log (line) values ('changed');" });
  await stack.applyMigrations();
  expect(await lines()).not.toContain("changed");
  expect(stack.steps.at(-1)).toMatchObject({
    name: "warning",
    message: expect.stringContaining("supabase/seed.sql has changed"),
  });
});

test("migrations run as postgres, who owns the database and is no superuser", async () => {
  const { rows } = await database.query(
    "select session_user, rolsuper, rolcreaterole, rolcreatedb, rolbypassrls, tableowner from pg_roles, pg_tables where rolname = session_user and tablename = 'log'",
  );
  expect(rows).toEqual([
    {
      session_user: "postgres",
      rolsuper: false,
      rolcreaterole: true,
      rolcreatedb: true,
      rolbypassrls: true,
      tableowner: "postgres",
    },
  ]);
  await expect(database.query("alter system set work_mem = '1MB'")).rejects.toThrow("permission denied");
  await expect(database.query("set role supabase_admin")).rejects.toThrow("permission denied");
});

test("an error names file, line and column, and the file leaves nothing", async () => {
  const error = await attempt(
    "create table public.half (id int);\n\n-- a comment\ninsert into public.half\n  values (1), ('é', nowhere);\n",
  );
  expect(error).toBeInstanceOf(StackError);
  expect(error).toMatchObject({ code: "ERR_STACK_MIGRATION_FAILED" });
  expect((error as StackError).message).toMatch(/20260301000000_attempt\.sql:5:21 /);
  expect((await database.query("select to_regclass('public.half') as half")).rows).toEqual([{ half: null }]);
});

test("an error without a position names the statement that it came from", async () => {
  const error = await attempt(
    "select 1;\ndo $$ begin perform 1; end; $$;\n  -- why\n  update public.log set id = default;\nselect 1 / 0;\n",
  );
  expect((error as StackError).message).toMatch(/_attempt\.sql:5:1 division by zero \(22012\)/);
});

test("an extension that only the hosted service has is named as such", async () => {
  const error = await attempt("create extension postgis;");
  expect((error as StackError).message).toContain("Extension postgis is part of hosted Supabase");
});

test("what `supabase db pull` writes is accepted, with a warning for what is only a placeholder", async () => {
  const done = await attempt(`
    create extension if not exists "pg_graphql" with schema "graphql";
    create extension if not exists "pg_net" with schema "extensions";
    create extension if not exists "supabase_vault" with schema "vault";
    create extension if not exists "uuid-ossp" with schema "extensions";
    alter publication supabase_realtime add table public.log;`);
  expect(done).toMatchObject({ applied: ["20260301000000_attempt.sql"] });
  const { rows } = await database.query(
    "select extname from pg_extension where extname in ('pg_graphql', 'pg_net', 'supabase_vault') order by 1",
  );
  expect(rows.map(({ extname }) => extname)).toEqual(["pg_graphql", "pg_net", "supabase_vault"]);
  expect(stack.steps.map(({ message }) => message)).toContainEqual(
    expect.stringMatching(/^extension supabase_vault is an empty placeholder here/),
  );
  await database.query("delete from supabase_migrations.schema_migrations where version = '20260301000000'");
});

test("a migration that changes the session leaves the next one untouched", async () => {
  expect(await attempt("set role anon; set search_path = ''; select 1;")).toMatchObject({
    applied: ["20260301000000_attempt.sql"],
  });
  await database.query("delete from supabase_migrations.schema_migrations where version = '20260301000000'");
});

test("what config.toml says is honoured: schemas, rows, grants; the rest is reported once", async () => {
  const anon = stack.client();
  expect((await anon.from("log").select()).data).toHaveLength(2);
  expect(
    (
      await anon
        .schema("api" as never)
        .from("things")
        .select()
    ).data,
  ).toEqual([]);
  const warnings = stack.steps.filter(
    ({ name, message }) => name === "warning" && message.startsWith("Not honoured"),
  );
  expect(warnings.map(({ message }) => message)).toEqual([
    "Not honoured in supabase/config.toml: auth.mfa, auth.enabled, studio",
  ]);
});

test("two migrations of one version, a setting of the wrong kind: refused before anything starts", async () => {
  stack.folder.write({ "supabase/migrations/20260101000001_again.sql": "select 1;" });
  await expect(stack.applyMigrations()).rejects.toMatchObject({ code: "ERR_STACK_MIGRATION_NAME" });
  stack.folder.write({ "supabase/config.toml": '[api]\nmax_rows = "many"\n' });
  const options = { directory: `${stack.folder.path}/other`, project: stack.folder.path };
  await expect(startStack(options)).rejects.toMatchObject({
    code: "ERR_STACK_CONFIG_INVALID",
    message: expect.stringContaining("api.max_rows"),
  });
  stack.folder.write({ "supabase/config.toml": "[api\n" });
  await expect(startStack(options)).rejects.toMatchObject({
    message: expect.stringMatching(/config\.toml:1:\d+ is not valid TOML/),
  });
});
