import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import {
  type ExplainRequest,
  type Explanation,
  explainCauses,
  runExplain,
  type Stack,
  startStack,
} from "@behalf/cli";
import { createBehalf } from "behalf";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { behalfCommand } from "./support/behalf.ts";
import { createProject, type TestProject } from "./support/projects.ts";
import { workspace } from "./support/workspace.ts";

const ada = "11111111-1111-4111-8111-111111111111";
const grace = "22222222-2222-4222-8222-222222222222";
const stranger = "33333333-3333-4333-8333-333333333333";
const barred = "44444444-4444-4444-8444-444444444444";
const own = "(select auth.uid()) = user_id";

/** A table with one row of ada's, one of grace's, and what is said of it. */
const table = (name: string, rest: string) => `
  create table public.${name} (id bigint generated always as identity primary key, user_id uuid default auth.uid(), body text);
  insert into public.${name} (user_id, body) values ('${ada}', 'hers'), ('${grace}', 'hidden');
  ${rest.replaceAll("@", `public.${name}`)}`;
const on = "alter table @ enable row level security;";
const granted = "grant select, insert, update, delete on @ to authenticated;";
const ownPolicy = `create policy "own rows" on @ for all to authenticated using (${own});`;

const schema = [
  table("good", `${on} ${ownPolicy} ${granted}`),
  table("rls_off", granted),
  table("no_grant", `${on} ${ownPolicy}`),
  table("no_select_grant", `${on} ${ownPolicy} grant update on @ to authenticated;`),
  table("no_policy", `${on} ${granted}`),
  table("for_anon", `${on} create policy "for visitors" on @ for all to anon using (true); ${granted}`),
  table(
    "only_insert",
    `${on} create policy "add" on @ for insert to authenticated with check (${own}); ${granted}`,
  ),
  table(
    "no_select_policy",
    `${on} create policy "change" on @ for update to authenticated using (${own}); ${granted}`,
  ),
  table(
    "tenant",
    `${on} create policy "one's tenant" on @ for select to authenticated
    using (${own} and (select auth.jwt() -> 'app_metadata' ->> 'tenant') = 'acme'); ${granted}`,
  ),
  table(
    "tenant_function",
    `${on} create function public.tenant() returns text language sql stable as $$ select auth.jwt() ->> 'tenant' $$;
    create policy "one's tenant" on @ for select to authenticated using ((select public.tenant()) = 'acme'); ${granted}`,
  ),
  table(
    "office_hours",
    `${on} ${ownPolicy}
    create policy "office hours" on @ as restrictive for select using ((select extract(year from now())) < 2000); ${granted}`,
  ),
  table(
    "two_doors",
    `${on} ${ownPolicy} create policy "never" on @ for select to authenticated using (false); ${granted}`,
  ),
  table(
    "fails",
    `${on} create schema vault2; create table vault2.members (id int);
    create policy "members" on @ for select to authenticated using (exists (select from vault2.members)); ${granted}`,
  ),
  table(
    "changed_by_tasks",
    `${on} create policy "look" on @ for select to authenticated using (${own});
    create policy "tasks change" on @ for update to authenticated using (${own}) with check (${own} and (select behalf.is_task())); ${granted}`,
  ),
  table("narrowed", `${on} ${ownPolicy} ${granted}`),
  table(
    "for_reporters",
    `${on} create role reporter nologin; grant reporter to authenticator; grant usage on schema public to reporter;
    grant select on @ to reporter; create policy "all" on @ for select to reporter using (true);`,
  ),
  table(
    "below_views",
    `${on} ${ownPolicy} ${granted}
    create view public.asks with (security_invoker = true) as select * from @; grant select on public.asks to authenticated;
    create view public.owns as select * from @; grant select on public.owns to authenticated;`,
  ),
  table("barren", `${on} ${ownPolicy} ${granted} delete from @;`),
  table("hidden_only", `${on} ${ownPolicy} ${granted} delete from @ where user_id = '${ada}';`),
  `create function public.gate() returns void language plpgsql as $$ begin
    perform behalf.pre_request();
    if behalf.user_id() = '${barred}' then raise sqlstate 'PT403' using message = 'not on Sundays'; end if;
  end $$; alter role authenticator set pgrst.db_pre_request = 'public.gate'; notify pgrst, 'reload config';`,
  "create role nobody nologin;",
  "create schema inner_room; create table inner_room.notes (id int); grant select on inner_room.notes to authenticated;",
  "create schema closed; create table closed.notes (id int); grant select on closed.notes to authenticated;",
].join("\n");

let project: TestProject;
let stack: Stack;
let admin: pg.Client;

beforeAll(async () => {
  const folder = join(workspace, "packages/behalf/sql");
  const ours = readdirSync(folder).filter((name) => name.endsWith(".sql"));
  project = await createProject({
    "supabase/config.toml": '[api]\nschemas = ["public", "closed"]\n',
    "supabase/seed.sql": `insert into auth.users (id, email) values ('${ada}', 'ada@example.com'), ('${grace}', 'grace@example.com');`,
    ...Object.fromEntries(
      ours.map((name) => [
        `supabase/migrations/20260101000${name}`,
        readFileSync(join(folder, name), "utf8"),
      ]),
    ),
    "supabase/migrations/20260102000000_cases.sql": schema,
    "supabase/migrations/20260103000000_narrow.sql": "select behalf.narrow('public.narrowed');",
  });
  stack = await startStack({ directory: join(project.folder, ".behalf"), project: project.folder });
  admin = new pg.Client(stack.adminDatabaseUrl);
  await admin.connect();
  await admin.query(
    "select behalf.revoke('run', 'run_stopped'), behalf.revoke('user', $1), behalf.revoke('grant', 'grant_back')",
    [grace],
  );
});
afterAll(async () => {
  await admin?.end();
  await stack?.stop();
  await project?.remove();
});

/** As the command does it, in this process. */
async function explain(
  table: string,
  verb: string,
  more: Partial<ExplainRequest> = {},
): Promise<Explanation> {
  const [schema = "", name = ""] = table.includes(".") ? table.split(".") : ["public", table];
  const client = new pg.Client(stack.databaseUrl);
  await client.connect();
  try {
    const request = { user: ada, ...more, table: { schema, name }, verb: verb as ExplainRequest["verb"] };
    return await runExplain(client, request, ["public", "closed"]);
  } finally {
    await client.end();
  }
}

const task = { task: "digest" };
const cases: [table: string, verb: string, more: Partial<ExplainRequest>, expected: string][] = [
  ["good", "select", {}, "allowed EXPLAIN_ALLOWED"],
  ["good", "update", {}, "allowed EXPLAIN_ALLOWED"],
  ["good", "delete", { ...task }, "allowed EXPLAIN_ALLOWED"],
  ["public.good", "insert", {}, "depends EXPLAIN_DEPENDS_ON_ROW"],
  ["good", "insert", { row: { body: "b" } }, "allowed EXPLAIN_ALLOWED"],
  ["good", "insert", { row: { user_id: grace } }, "refused EXPLAIN_ROW_REFUSED own rows"],
  ["good", "select", { user: stranger }, "empty EXPLAIN_NO_ROWS own rows"],
  ["rls_off", "select", {}, "allowed EXPLAIN_RLS_OFF"],
  ["nowhere", "select", {}, "refused EXPLAIN_NO_TABLE"],
  ["inner_room.notes", "select", {}, "refused EXPLAIN_NOT_EXPOSED"],
  ["closed.notes", "select", {}, "refused EXPLAIN_SCHEMA_GRANT_MISSING"],
  ["good", "select", { role: "nobody" }, "refused EXPLAIN_NO_ROLE"],
  ["good", "select", { role: "reporter" }, "refused EXPLAIN_GRANT_MISSING"],
  ["for_reporters", "select", { role: "reporter" }, "allowed EXPLAIN_ALLOWED"],
  ["no_grant", "select", {}, "refused EXPLAIN_GRANT_MISSING"],
  ["no_select_grant", "update", {}, "refused EXPLAIN_GRANT_MISSING"],
  ["no_policy", "select", {}, "empty EXPLAIN_NO_POLICY"],
  ["for_anon", "select", {}, "empty EXPLAIN_NO_POLICY for visitors"],
  ["only_insert", "delete", {}, "empty EXPLAIN_NO_POLICY add"],
  ["only_insert", "insert", { row: {} }, "allowed EXPLAIN_ALLOWED"],
  ["no_select_policy", "update", {}, "empty EXPLAIN_NO_POLICY change"],
  ["no_policy", "insert", {}, "refused EXPLAIN_NO_POLICY"],
  ["tenant", "select", {}, "empty EXPLAIN_CLAIM_MISSING one's tenant"],
  ["tenant", "select", { claims: { app_metadata: { tenant: "acme" } } }, "allowed EXPLAIN_ALLOWED"],
  [
    "tenant",
    "select",
    { claims: { app_metadata: { tenant: "evil" } } },
    "empty EXPLAIN_POLICY_REFUSES one's tenant",
  ],
  ["tenant_function", "select", {}, "empty EXPLAIN_CLAIM_MISSING one's tenant"],
  ["office_hours", "select", {}, "empty EXPLAIN_POLICY_REFUSES office hours"],
  ["two_doors", "select", {}, "allowed EXPLAIN_ALLOWED"],
  ["fails", "select", {}, "refused EXPLAIN_POLICY_FAILS members"],
  ["changed_by_tasks", "update", {}, "refused EXPLAIN_POLICY_REFUSES tasks change"],
  ["changed_by_tasks", "update", { ...task }, "allowed EXPLAIN_ALLOWED"],
  ["narrowed", "select", {}, "allowed EXPLAIN_ALLOWED"],
  ["narrowed", "select", { ...task }, "allowed EXPLAIN_ALLOWED"],
  ["narrowed", "select", { ...task, scope: "public.narrowed:select" }, "allowed EXPLAIN_ALLOWED"],
  ["narrowed", "delete", { ...task, scope: "public.narrowed:select" }, "empty EXPLAIN_NARROWED"],
  ["narrowed", "insert", { ...task, scope: "public.good:insert" }, "refused EXPLAIN_NARROWED"],
  ["good", "select", { user: barred }, "refused EXPLAIN_PRE_REQUEST not on Sundays"],
  ["good", "select", { ...task, run: "run_stopped" }, "refused EXPLAIN_REVOKED"],
  ["good", "select", { ...task, grant: "grant_back" }, "refused EXPLAIN_REVOKED"],
  ["good", "select", { ...task, user: grace }, "refused EXPLAIN_REVOKED"],
  ["good", "select", { user: grace }, "allowed EXPLAIN_ALLOWED"],
  ["asks", "select", {}, "depends EXPLAIN_VIEW public.below_views"],
  ["owns", "select", {}, "allowed EXPLAIN_DEFINER_VIEW public.below_views"],
];

describe("each seeded cause is named, with the policy that decides", () => {
  test.each(cases)("%s %s %j: %s", async (table, verb, more, expected) => {
    const [verdict, cause, ...name] = expected.split(" ");
    const explanation = await explain(table, verb, more);
    expect(`${explanation.verdict} ${explanation.cause}`).toBe(`${verdict} ${cause}`);
    if (name.length > 0) expect(explanation.why).toContain(name.join(" "));
  });

  test("no cause is left without a case", () => {
    const named = new Set(cases.map(([, , , expected]) => expected.split(" ")[1]));
    expect(Object.keys(explainCauses).filter((cause) => !named.has(cause))).toEqual([]);
  });
});

// What a request through the API comes to, in the explainer's words.
async function ask(table: string, { user = ada, ...more }: Partial<ExplainRequest>): Promise<string> {
  const [schema = "", name = ""] = table.includes(".") ? table.split(".") : ["public", table];
  const { task, run, scope, role, claims } = more;
  const { token } = await createBehalf({
    url: stack.url,
    publishableKey: stack.keys.publishableKey,
    jwtSecret: stack.keys.jwtSecret,
    environment: {},
  }).mintToken(user, {
    ...(task ? { actor: { sub: task, ...(run ? { run } : {}) } } : {}),
    ...(scope ? { scope } : {}),
    ...(role ? { role } : {}),
    ...(claims ? { claims } : {}),
  });
  const answer = await fetch(`${stack.url}/rest/v1/${name}`, {
    headers: {
      apikey: stack.keys.publishableKey,
      authorization: `Bearer ${token}`,
      "accept-profile": schema,
    },
  });
  if (!answer.ok) return "refused";
  return ((await answer.json()) as unknown[]).length > 0 ? "allowed" : "empty";
}

// No client can say which grant it acts on without having it; a view may be either.
const askable = cases.filter(
  ([, verb, { grant }, expected]) => verb === "select" && !grant && !expected.startsWith("depends"),
);

test.each(askable)("the API does what the explainer says: %s %s %j: %s", async (table, _, more, expected) => {
  expect(await ask(table, more)).toBe(expected.split(" ")[0]);
});

test.each(["select", "update", "delete"])(
  "%s: a table whose rows are all hidden is told from an empty one by nothing",
  async (verb) => {
    const [barren, hidden] = await Promise.all(
      ["barren", "hidden_only"].map(async (name) =>
        JSON.stringify(await explain(name, verb)).replaceAll(name, "table"),
      ),
    );
    expect(hidden).toBe(barren);
    expect(hidden).toContain("EXPLAIN_NO_ROWS");
  },
);

test("nothing is changed, not even a sequence", async () => {
  const state = async () =>
    (
      await admin.query(
        "select last_value, is_called, (select count(*) from public.good) from public.good_id_seq",
      )
    ).rows;
  const before = await state();
  await explain("good", "insert", { row: { body: "b" } });
  await explain("good", "delete");
  expect(await state()).toEqual(before);
});

test("a user who isn't there is noted", async () => {
  expect((await explain("good", "select", { user: stranger })).notes).toEqual([
    "auth.users has no user with this id.",
  ]);
});

test("the command says the same as text and as JSON", async () => {
  const run = (...args: string[]) =>
    behalfCommand(["explain", "tenant", "select", "--user", ada, "--task", "digest", ...args], {
      cwd: project.folder,
      env: { SUPABASE_DB_URL: stack.databaseUrl },
    });
  const [text, json] = await Promise.all([run(), run("--json")]);
  expect([text.code, json.code]).toEqual([0, 0]);
  expect(text.stdout).toContain("by the task digest");
  expect(text.stdout).toContain("It lacks app_metadata.");
  expect(JSON.parse(json.stdout)).toEqual(await explain("tenant", "select", task));
});

test("wrong usage ends with 2", async () => {
  const ended = await Promise.all([
    behalfCommand(["explain", "good", "merge", "--user", ada], { cwd: project.folder }),
    behalfCommand(["explain", "good", "select"], { cwd: project.folder }),
    behalfCommand(["explain", "good", "insert", "--user", ada, "--row", "[1]"], { cwd: project.folder }),
    behalfCommand(["explain", "good", "select", "--user", ada], { cwd: project.folder }),
  ]);
  expect(ended.map(({ code }) => code)).toEqual([2, 2, 2, 2]);
  expect(ended[3]?.stderr).toContain("ERR_USAGE_NO_DATABASE");
});

test("docs/explain.md lists every cause", () => {
  const page = readFileSync(join(workspace, "docs/explain.md"), "utf8");
  for (const [cause, { verdict }] of Object.entries(explainCauses))
    expect(page).toContain(`| \`${cause}\` | ${verdict} |`);
});
