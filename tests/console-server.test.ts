import { request } from "node:http";
import { openProject, type StartedProject, startProject } from "@behalf/cli";
import { createBehalf } from "behalf";
import { auditMigrations } from "behalf/migrations";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type {
  ConsoleQueues,
  ConsoleRunPage,
  ConsoleRuns,
  ConsoleSchedules,
  ConsoleTasks,
  ConsoleUsers,
} from "../packages/cli/src/console/contract.ts";
import { createProject, type TestProject } from "./support/projects.ts";

const ada = "11111111-1111-4111-8111-111111111111";
const grace = "22222222-2222-4222-8222-222222222222";

let project: TestProject;
let started: StartedProject;
let origin: string;
let cookie: string;

beforeAll(async () => {
  const audit = auditMigrations().map(({ name, sql }, index): [string, string] => [
    `supabase/migrations/2025010100000${index}_${name}.sql`,
    sql,
  ]);
  project = await createProject({
    "package.json": '{ "type": "module" }',
    ".env": "PARTNER_API_KEY=partner-key-0123456789\n",
    ...Object.fromEntries(audit),
    "supabase/migrations/20260101000000_notes.sql": `create table public.notes (
      id int generated always as identity primary key, user_id uuid default auth.uid(), body text
    );
    alter table public.notes enable row level security;
    create policy own on public.notes to authenticated using ((select auth.uid()) = user_id);
    grant all on public.notes to authenticated, service_role;
    select behalf.audit('public.notes', owner_column => 'user_id');
    insert into auth.users (id, email) values ('${ada}', 'ada@example.com'), ('${grace}', 'grace@example.com');`,
    "trigger/tasks.ts": `import { logger, queue, schedules, task, wait } from "@trigger.dev/sdk";
import { createBehalf } from "behalf";
import { triggerTasks } from "behalf/trigger";
const { userTask, serviceTask } = triggerTasks(createBehalf({ requireGrant: true }));
const slow = queue({ name: "slow", concurrencyLimit: 1 });
export const note = userTask({
  id: "note",
  description: "Writes a note.",
  run: async (payload: { body: string; grant?: string }, { supabase }) => {
    logger.info("writes", { body: payload.body, key: process.env.SUPABASE_SERVICE_ROLE_KEY, partner: process.env.PARTNER_API_KEY });
    const { data } = await supabase.from("notes").insert({ body: payload.body }).select().single().throwOnError();
    return data;
  },
});
export const count = serviceTask({ id: "count", reason: "count all notes", run: async (_: unknown, { supabase }) => {
  await supabase.from("notes").select("id").throwOnError();
} });
export const fails = task({ id: "fails", retry: { maxAttempts: 1 }, run: async () => {
  throw new TypeError("no luck");
} });
export const retries = task({ id: "retries", retry: { maxAttempts: 2, minTimeoutInMs: 3_600_000, maxTimeoutInMs: 3_600_000 }, run: async (_: unknown, { ctx }) => {
  if (ctx.attempt.number === 1) throw new Error("the first time");
} });
export const waits = task({ id: "waits", queue: slow, run: async () => { await wait.for({ hours: 1 }); } });
export const nightly = schedules.task({ id: "nightly", cron: { pattern: "0 3 * * *", timezone: "Europe/Vienna" }, run: async () => {} });`,
  });
  started = await startProject(openProject(project.folder), { consolePort: 0 });
  origin = new URL(started.consoleUrl ?? "").origin;
  const entered = await fetch(started.consoleUrl ?? "");
  cookie = entered.headers.get("set-cookie") ?? "";
});
afterAll(async () => {
  await started?.stop();
  await project?.remove();
});

function ask(path: string, init: RequestInit = {}): Promise<Response> {
  return fetch(origin + path, {
    ...init,
    headers: { cookie: cookie.split(";")[0] ?? "", origin, ...(init.headers as Record<string, string>) },
  });
}

async function get<T>(path: string): Promise<T> {
  const response = await ask(path);
  expect(response.status, path).toBe(200);
  return (await response.json()) as T;
}

async function post(path: string, body: unknown = {}): Promise<{ status: number; body: unknown }> {
  const response = await ask(path, { method: "POST", body: JSON.stringify(body) });
  return { status: response.status, body: await response.json() };
}

async function startRun(task: string, body: unknown): Promise<string> {
  const answer = await post(`/api/tasks/${task}/run`, body);
  expect(answer, JSON.stringify(answer)).toMatchObject({ status: 200 });
  return (answer.body as { id: string }).id;
}

async function pageOf(run: string, until: (page: ConsoleRunPage) => boolean): Promise<ConsoleRunPage> {
  const read = () => get<ConsoleRunPage>(`/api/runs/${run}`);
  await expect.poll(async () => until(await read())).toBe(true);
  return read();
}

describe("who may ask", () => {
  test("nobody without the URL's token", async () => {
    for (const path of ["/", "/runs", "/api/runs", "/page.js", "/?token=wrong", "/api/events"]) {
      const response = await fetch(origin + path);
      expect(response.status, path).toBe(401);
      expect(await response.json()).toMatchObject({ error: { code: "ERR_CONSOLE_TOKEN" } });
    }
    const other = await fetch(`${origin}/api/runs`, {
      headers: { cookie: cookie.replace(/=.{4}/, "=aaaa") },
    });
    expect(other.status).toBe(401);
  });

  test("the cookie is for this console, and no script's or other site's", () => {
    expect(cookie).toMatch(
      new RegExp(`^behalf_console_${new URL(origin).port}=[\\w-]{32}; Path=/; HttpOnly; SameSite=Strict$`),
    );
    expect(started.consoleUrl).not.toContain(cookie.split(/[=;]/)[1]);
  });

  test("no other site, and no name that was made to point here", async () => {
    for (const headers of [{ origin: "http://evil.example" }, { origin: "null" }]) {
      for (const init of [{ headers }, { headers, method: "POST", body: "{}" }]) {
        const response = await ask("/api/tasks/note/run", init);
        expect(response.status).toBe(403);
        expect(await response.json()).toMatchObject({ error: { code: "ERR_CONSOLE_ORIGIN" } });
      }
    }
    const without = await fetch(`${origin}/api/tasks/note/run`, {
      method: "POST",
      headers: { cookie: cookie.split(";")[0] ?? "" },
      body: "{}",
    });
    expect(without.status).toBe(403);
    // fetch doesn't let a host be made up.
    const rebound = await new Promise<number | undefined>((resolve, reject) => {
      request(
        `${origin}/api/runs`,
        { headers: { host: "evil.example", cookie: cookie.split(";")[0] } },
        (response) => resolve(response.resume().statusCode),
      )
        .once("error", reject)
        .end();
    });
    expect(rebound).toBe(403);
  });

  test("only loopback, nothing cached, framed or loaded from elsewhere", async () => {
    const { headers } = await ask("/runs");
    expect(headers.get("content-security-policy")).toBe(
      "default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    );
    expect(headers.get("cache-control")).toBe("no-store");
    expect(headers.get("x-content-type-options")).toBe("nosniff");
    expect(new URL(origin).hostname).toBe("127.0.0.1");
  });
});

describe("what it shows", () => {
  test("a run as the user who was picked: its requests, its rows, its audit entries", async () => {
    const run = await startRun("note", { payload: { body: "hers" }, as: ada });
    const page = await pageOf(
      run,
      ({ events, run: { status } }) =>
        status === "COMPLETED" && events.some(({ kind }) => kind === "request"),
    );
    const ranAs = {
      kind: "user",
      userId: ada,
      email: "ada@example.com",
      role: "authenticated",
      initiator: null,
    };
    expect(page).toMatchObject({
      run: { task: "note", status: "COMPLETED", attempts: 1, isTest: true, ranAs: [ranAs] },
      payload: { body: "hers" },
      output: { user_id: ada, body: "hers" },
      error: null,
      audit: [{ table: "notes", operation: "INSERT", userId: ada, new: { body: "hers" } }],
      can: { cancel: false, replay: true, retry: false },
    });
    expect(page.events).toContainEqual(
      expect.objectContaining({ kind: "request", target: "notes", verb: "insert", status: 201, ranAs }),
    );
    const { runs } = await get<ConsoleRuns>("/api/runs?task=note&status=COMPLETED");
    expect(runs).toEqual([page.run]);
  });

  test("what a task logged or was given, without keys and tokens", async () => {
    const run = await startRun("note", { payload: { body: "b" }, as: grace });
    const page = await pageOf(run, ({ run: { status } }) => status === "COMPLETED");
    expect(page.payload).toEqual({ body: "b", grant: "[redacted]" });
    expect(page.events).toContainEqual(
      expect.objectContaining({
        kind: "log",
        message: "writes",
        properties: { body: "b", key: "[redacted]", partner: "[redacted]" },
      }),
    );
    const { keys } = started.stack;
    const secrets = [
      keys.secretKey,
      keys.serviceRoleKey,
      keys.anonKey,
      keys.jwtSecret,
      started.runtime.secretKey,
    ];
    const paths = [
      "/api/runs",
      `/api/runs/${run}`,
      "/api/tasks",
      "/api/queues",
      "/api/users",
      "/api/project",
    ];
    for (const path of [...paths, "/", "/page.js"]) {
      const text = await (await ask(path)).text();
      for (const secret of secrets) expect(text.includes(secret), path).toBe(false);
    }
    const { tasks } = await get<ConsoleTasks>("/api/tasks");
    expect(tasks.find(({ id }) => id === "note")).toMatchObject({
      description: "Writes a note.",
      file: "trigger/tasks.ts",
      lastPayload: { body: "b" },
    });
  });

  test("the service role unmistakably, with its reason", async () => {
    const run = await startRun("count", { payload: {} });
    const page = await pageOf(run, ({ run: { ranAs } }) => ranAs.length > 0);
    expect(page.run.ranAs).toEqual([{ kind: "service", reason: "count all notes" }]);
  });

  test("an error with the line that threw", async () => {
    const run = await startRun("fails", {});
    const { error, can } = await pageOf(run, ({ run: { status } }) => status === "FAILED");
    expect(error).toMatchObject({
      name: "TypeError",
      message: "no luck",
      source: { file: "trigger/tasks.ts" },
    });
    const marked = error?.source?.lines.find(({ number }) => number === error.source?.line);
    expect(marked?.text).toContain('throw new TypeError("no luck")');
    expect(can).toEqual({ cancel: false, replay: true, retry: true });
  });

  test("schedules, queues, users", async () => {
    const { schedules } = await get<ConsoleSchedules>("/api/schedules");
    expect(schedules).toMatchObject([
      { task: "nightly", cron: "0 3 * * *", timezone: "Europe/Vienna", active: true },
    ]);
    const { queues } = await get<ConsoleQueues>("/api/queues");
    expect(queues.find(({ name }) => name === "slow")).toMatchObject({ type: "custom", concurrencyLimit: 1 });
    const found = await get<ConsoleUsers>("/api/users?search=GRACE");
    expect(found).toMatchObject({ users: [{ id: grace, email: "grace@example.com" }], more: false });
    expect((await get<ConsoleUsers>("/api/users?search=a%25a")).users).toEqual([]);
  });
});

describe("what it does", () => {
  test("a run goes on at once, again, or no more", async () => {
    const waiting = await startRun("retries", {});
    const failed = await pageOf(waiting, ({ can }) => can.retry);
    expect(failed.events).toContainEqual(expect.objectContaining({ kind: "retrying", delayMs: 3_600_000 }));
    expect(await post(`/api/runs/${waiting}/retry`)).toEqual({ status: 200, body: { id: waiting } });
    const ended = await pageOf(waiting, ({ run: { status } }) => status === "COMPLETED");
    expect(ended.run.attempts).toBe(2);
    const again = await post(`/api/runs/${waiting}/replay`);
    expect(again.body).not.toEqual({ id: waiting });

    const long = await startRun("waits", {});
    await pageOf(long, ({ run: { status } }) => status === "WAITING");
    expect((await post(`/api/runs/${long}/cancel`)).status).toBe(200);
    await pageOf(long, ({ run: { status } }) => status === "CANCELED");
  });

  test("a queue stops and goes on", async () => {
    const { queues } = await get<ConsoleQueues>("/api/queues");
    const queue = encodeURIComponent(queues.find(({ name }) => name === "slow")?.id ?? "");
    expect((await post(`/api/queues/${queue}/pause`)).body).toMatchObject({ paused: true });
    expect((await post(`/api/queues/${queue}/resume`)).body).toMatchObject({ paused: false });
  });

  test("what can't be done is said", async () => {
    const refusals: [string, unknown, number, RegExp][] = [
      ["/api/tasks/absent/run", { payload: {} }, 404, /no task "absent"/],
      ["/api/tasks/note/run", { payload: [], as: ada }, 422, /JSON object/],
      [
        "/api/tasks/note/run",
        { payload: {}, as: ada, scope: '"notes"' },
        422,
        /such as public\.notes:select/,
      ],
      ["/api/tasks/note/run", 1, 400, /JSON object/],
      ["/api/runs/run_absent/cancel", {}, 404, /Run/],
      ["/api/absent", {}, 404, /no such question/],
    ];
    for (const [path, body, status, message] of refusals) {
      const answer = await post(path, body);
      expect(answer.status, path).toBe(status);
      expect(answer.body).toMatchObject({
        error: { code: "ERR_CONSOLE_REQUEST", message: expect.stringMatching(message) },
      });
    }
  });

  test("open pages hear of what others do", async () => {
    const { keys, url } = started.stack;
    const hanging = new AbortController();
    const response = await ask("/api/events", { signal: hanging.signal });
    const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
    let heard = "";
    const listening = (async () => {
      for (;;) {
        const { value, done } = (await reader?.read()) ?? { done: true, value: undefined };
        if (done) return;
        heard += value;
      }
    })().catch(() => {});
    await expect.poll(() => heard).toContain("event: ping");
    const { id } = await started.runtime.trigger("count", {});
    await expect.poll(() => heard).toContain(id);
    await started.runtime.reload();
    await expect.poll(() => heard).toContain('"tasks":true');
    // A request alone is heard of, too.
    const { id: waiting } = await started.runtime.trigger("waits", {});
    await pageOf(waiting, ({ run: { status } }) => status === "WAITING");
    const before = heard.length;
    const service = createBehalf({ ...keys, url, environment: {} }).asService({
      reason: "as if it were the run",
      actor: { sub: "waits", run: waiting, attempt: 1 },
    });
    await service.from("notes").select("id");
    await expect.poll(() => heard.slice(before)).toContain(waiting);
    hanging.abort();
    await listening;
  });
});
