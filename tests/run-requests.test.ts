import { openProject, type StartedProject, startProject } from "@behalf/cli";
import { createBehalf } from "behalf";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createProject, type TestProject } from "./support/projects.ts";

const ada = "11111111-1111-4111-8111-111111111111";

interface SeenEvent {
  kind: string;
  message: string;
  properties: Record<string, unknown>;
}

let project: TestProject;
let started: StartedProject;

beforeAll(async () => {
  project = await createProject({
    "package.json": '{ "type": "module" }',
    "supabase/migrations/20260101000000_notes.sql": `create table public.notes (
      id int generated always as identity, user_id uuid default auth.uid(), body text
    );
    alter table public.notes enable row level security;
    create policy own on public.notes to authenticated using ((select auth.uid()) = user_id);
    grant all on public.notes to authenticated, service_role;
    insert into auth.users (id, email) values ('${ada}', 'ada@example.com');`,
    "trigger/tasks.ts": `import { createBehalf } from "behalf";
import { triggerTasks } from "behalf/trigger";
const { userTask, serviceTask } = triggerTasks(createBehalf());
export const mine = userTask({
  id: "mine",
  run: async (payload: { userId: string }, { supabase }) => {
    await supabase.from("notes").insert([{ body: "a" }, { body: "b" }]).throwOnError();
    await supabase.from("notes").update({ body: "c" }).eq("body", "b").throwOnError();
    const { data } = await supabase.from("notes").select("body").like("body", "secret%25search");
    await supabase.from("absent").select();
    await supabase.storage.from("nowhere").list();
    return data;
  },
  user: (payload) => payload.userId,
});
export const all = serviceTask({
  id: "all",
  reason: "count everything, ümläute too",
  run: async (_: unknown, { supabase }) => { await supabase.from("notes").select("id").throwOnError(); },
});`,
  });
  started = await startProject(openProject(project.folder));
});
afterAll(async () => {
  await started?.stop();
  await project?.remove();
});

async function ask<T>(path: string): Promise<T> {
  const { apiUrl, secretKey } = started.runtime;
  const answer = await fetch(apiUrl + path, { headers: { authorization: `Bearer ${secretKey}` } });
  return (await answer.json()) as T;
}

async function runToEnd(task: string, payload: unknown): Promise<string> {
  const { id } = await started.runtime.trigger(task, payload);
  const run = await started.runtime.waitForRun(id);
  expect(run.status, JSON.stringify(run.error)).toBe("COMPLETED");
  return id;
}

async function requestsOf(run: string, count: number): Promise<SeenEvent[]> {
  const read = async () => {
    const { events } = await ask<{ events: SeenEvent[] }>(`/api/v1/runs/${run}/events`);
    return events.filter(({ kind }) => kind === "request");
  };
  await expect.poll(async () => (await read()).length).toBe(count);
  return read();
}

const identitiesOf = (run: string) =>
  ask<{ identities: Record<string, unknown> }>(`/api/v1/run-identities?run=${run}`).then(
    ({ identities }) => identities[run],
  );

test("a run's requests are kept with it, and whose rights they used", async () => {
  const run = await runToEnd("mine", { userId: ada });
  const requests = await requestsOf(run, 5);
  const identity = { kind: "user", userId: ada, role: "authenticated", initiator: null };
  expect(requests.map(({ message, properties: { status, rows } }) => [message, status, rows])).toEqual([
    ["rest insert notes", 201, null],
    ["rest update notes", 204, 1],
    ["rest select notes", 200, 0],
    ["rest select absent", 404, null],
    ["storage post nowhere", 200, null],
  ]);
  for (const { properties } of requests) expect(properties.identity).toEqual(identity);
  expect(await identitiesOf(run)).toEqual([identity]);
  // A query's text can hold what rows hold.
  expect(JSON.stringify(requests)).not.toContain("secret");
});

test("the service role's are told apart, with the reason", async () => {
  const run = await runToEnd("all", {});
  const [request] = await requestsOf(run, 1);
  const identity = { kind: "service", reason: "count everything, ümläute too" };
  expect(request).toMatchObject({
    message: "rest select notes",
    properties: { status: 200, rows: 2, identity },
  });
  expect(await identitiesOf(run)).toEqual([identity]);
});

test("nobody can put requests into another's run", async () => {
  const run = await runToEnd("all", {});
  await requestsOf(run, 1);
  const { url, keys } = started.stack;
  const get = (headers: Record<string, string>) =>
    fetch(`${url}/rest/v1/notes`, { headers: { apikey: keys.anonKey, ...headers } });
  const forged = await createBehalf({
    ...keys,
    signingKeys: [],
    jwtSecret: "another-secret-that-is-long-enough-for-hs256",
    url,
    environment: {},
  }).mintToken(ada, { actor: { sub: "all", run, attempt: 1 } });
  expect((await get({ authorization: `Bearer ${forged.token}` })).status).toBe(401);
  // The anon key's caller may say what it likes in headers.
  await get({ "x-behalf-run": run, "x-behalf-reason": "mine" });
  const unknown = await get({ apikey: keys.serviceRoleKey, "x-behalf-run": "run_unknown" });
  expect(unknown.status).toBe(200);
  // What comes after them is kept, so they were dealt with.
  const next = await runToEnd("all", {});
  await requestsOf(next, 1);
  expect(await requestsOf(run, 1)).toHaveLength(1);
});
