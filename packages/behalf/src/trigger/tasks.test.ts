import { InMemorySpanExporter, NodeTracerProvider, SimpleSpanProcessor } from "@opentelemetry/sdk-trace-node";
import type { SupabaseClient } from "@supabase/supabase-js";
import {
  lifecycleHooks,
  localsAPI,
  resourceCatalog,
  TaskRunContext,
  taskContext,
} from "@trigger.dev/core/v3";
import { TriggerTracer } from "@trigger.dev/core/v3/tracer";
import {
  ConsoleInterceptor,
  StandardLifecycleHooksManager,
  StandardLocalsManager,
  StandardResourceCatalog,
  TaskExecutor,
} from "@trigger.dev/core/v3/workers";
import { type Task, type TaskWithSchema, task, type tasks } from "@trigger.dev/sdk";
import { afterAll, beforeAll, beforeEach, describe, expect, expectTypeOf, it } from "vitest";
import {
  ada,
  anonKey,
  bearer,
  environment,
  grace,
  jwtSecret,
  readToken,
  recordRequests,
  serviceRoleKey,
} from "../../test/fixtures.js";
import { createBehalf } from "../behalf.js";
import { triggerTasks } from "./index.js";

interface Database {
  public: {
    Tables: {
      notes: {
        Row: { id: number; body: string };
        Insert: { body: string };
        Update: { body?: string };
        Relationships: [];
      };
    };
    Views: Record<never, never>;
    Functions: Record<never, never>;
  };
}

const catalog = new StandardResourceCatalog();
const exporter = new InMemorySpanExporter();
const provider = new NodeTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] });
// Console output is not intercepted here.
const unusedLogger = {} as ConstructorParameters<typeof ConsoleInterceptor>[0];
const tracer = new TriggerTracer({ tracer: provider.getTracer("test"), logger: unusedLogger });

let server: Awaited<ReturnType<typeof recordRequests>>;
beforeAll(async () => {
  server = await recordRequests();
  resourceCatalog.setGlobalResourceCatalog(catalog);
  lifecycleHooks.setGlobalLifecycleHooksManager(new StandardLifecycleHooksManager());
});
afterAll(() => server.close());
beforeEach(() => {
  server.requests.length = 0;
  exporter.reset();
});

/** Defines tasks as a worker does when it loads their file. */
function define<T>(make: () => T): T {
  resourceCatalog.setCurrentFileContext("tasks.ts", "tasks.ts");
  try {
    return make();
  } finally {
    resourceCatalog.clearCurrentFileContext();
  }
}

let runs = 0;
/** Runs a task through Trigger.dev's own executor. */
async function run(id: string, payload: unknown, attempt = 1) {
  const found = catalog.getTask(id);
  if (!found) throw new Error(`There is no task ${id}.`);
  const now = new Date();
  const execution = {
    task: { id, filePath: "tasks.ts" },
    attempt: { number: attempt, startedAt: now },
    run: {
      id: `run_${++runs}`,
      payload: JSON.stringify(payload),
      payloadType: "application/json",
      tags: [],
      isTest: false,
      isReplay: false,
      createdAt: now,
      startedAt: now,
      durationMs: 0,
      costInCents: 0,
      baseCostInCents: 0,
      version: "1",
    },
    machine: { name: "micro" as const, cpu: 0.25, memory: 0.25, centsPerMs: 0 },
    queue: { id: "queue_1", name: `task/${id}` },
    environment: { id: "env_1", slug: "dev", type: "DEVELOPMENT" as const },
    organization: { id: "org_1", slug: "o", name: "O" },
    project: { id: "proj_1", ref: "proj_1", slug: "p", name: "P" },
  };
  const ctx = TaskRunContext.parse(execution);
  taskContext.setGlobalTaskContext({
    ctx,
    worker: { id: "w", version: "1", contentHash: "x", engine: "V2" },
  });
  localsAPI.setGlobalLocalsManager(new StandardLocalsManager());
  const executor = new TaskExecutor({ ...found, retry: { maxAttempts: 3, ...found.retry } }, {
    tracer,
    consoleInterceptor: new ConsoleInterceptor(unusedLogger, true, true),
    retries: { enabledInDev: true },
  } as unknown as ConstructorParameters<typeof TaskExecutor>[1]);
  const { result } = await executor.execute(execution, ctx, new AbortController().signal);
  return {
    id: execution.run.id,
    result: result as typeof result & {
      output?: string;
      error?: unknown;
      retry?: unknown;
      skippedRetrying?: boolean;
    },
  };
}

const behalf = () => createBehalf<Database>({ environment: environment(server.url) });
const claimsOf = (index: number) => readToken(bearer(server.calls()[index])).claims;

describe("userTask", () => {
  it("hands the run a client that acts as the user, with the run as its actor", async () => {
    const { userTask } = triggerTasks(behalf());
    const seen: unknown[] = [];
    define(() =>
      userTask({
        id: "as-user",
        run: async (payload: { userId: string }, { supabase, userId, ctx, signal }) => {
          await supabase.from("notes").select("body");
          return { userId, task: ctx.task.id, aborted: signal.aborted, keys: Object.keys(payload) };
        },
        onStartAttempt: async ({ payload }) => void seen.push(["start", payload]),
        onSuccess: async ({ payload, output }) => void seen.push(["success", payload.userId, output.userId]),
        user: (payload) => payload.userId,
        as: { role: "reporter", lifetime: "10m", initiator: "grace" },
      }));
    const { id, result } = await run("as-user", { userId: ada }, 2);
    expect(result).toMatchObject({ ok: true });
    expect(JSON.parse(result.output ?? "").json).toEqual({
      userId: ada,
      task: "as-user",
      aborted: false,
      keys: ["userId"],
    });
    expect(claimsOf(0)).toMatchObject({
      sub: ada,
      role: "reporter",
      initiator: "grace",
      act: { sub: "as-user", run: id, attempt: 2 },
    });
    expect(seen).toEqual([
      ["start", { userId: ada }],
      ["success", ada, ada],
    ]);
  });

  it("keeps overlapping runs apart", async () => {
    const { userTask } = triggerTasks(behalf());
    define(() =>
      userTask({
        id: "overlap",
        run: async (_payload: { userId: string }, { supabase, userId }) => {
          for (let round = 0; round < 5; round++)
            await supabase.from("notes").select().setHeader("x-expected", userId);
        },
        user: (payload) => payload.userId,
      }));
    await Promise.all([ada, grace, ada, grace].map((userId) => run("overlap", { userId })));
    expect(server.calls()).toHaveLength(20);
    for (const request of server.calls())
      expect(readToken(bearer(request)).claims.sub).toBe(request.headers["x-expected"]);
    expect(
      new Set(server.calls().map((request) => JSON.stringify(readToken(bearer(request)).claims.act))).size,
    ).toBe(4);
  });

  it.each([
    ["no user", { userId: undefined }, "ERR_USER_ID_INVALID"],
    ["a blank user", { userId: " " }, "ERR_USER_ID_INVALID"],
  ])("fails at once and for good with %s", async (_name, payload, code) => {
    const { userTask } = triggerTasks(behalf());
    let ran = false;
    define(() =>
      userTask({
        id: `refused-${_name}`,
        run: async (_payload: { userId: string }) => {
          ran = true;
        },
        user: ({ userId }) => userId,
      }));
    const { result } = await run(`refused-${_name}`, payload);
    expect(result).toMatchObject({
      ok: false,
      skippedRetrying: true,
      error: { name: "AbortTaskRunError", message: expect.stringContaining(code) },
    });
    expect([ran, server.requests.length]).toEqual([false, 0]);
  });

  it("is retried when the lookup fails for now, and not when the user is banned", async () => {
    const { userTask } = triggerTasks(
      createBehalf({ users: "lookup", environment: environment(server.url) }),
    );
    define(() =>
      userTask({
        id: "looked-up",
        run: async (_payload: { userId: string }) => {},
        user: ({ userId }) => userId,
      }));
    const status = { now: 503 };
    server.answerWith((_request, response) => {
      response.writeHead(status.now).end(JSON.stringify({ id: ada, banned_until: "2126-01-01T00:00:00Z" }));
    });
    expect((await run("looked-up", { userId: ada })).result).toMatchObject({
      ok: false,
      retry: { delay: expect.any(Number) },
    });
    status.now = 200;
    expect((await run("looked-up", { userId: ada })).result).toMatchObject({
      ok: false,
      skippedRetrying: true,
      error: { message: expect.stringContaining("ERR_USER_BANNED") },
    });
    server.answerWith((_request, response) => response.end("[]"));
  });
});

describe("a plain task", () => {
  it("needs one line to act as the user, and the run is the actor", async () => {
    const here = behalf();
    define(() =>
      task({
        id: "plain",
        run: async (payload: { userId: string }) => {
          const supabase = await here.asUser(payload.userId);
          await supabase.from("notes").select();
          await here.asService({ reason: "to compare" }).from("notes").select();
        },
      }));
    const { id, result } = await run("plain", { userId: ada });
    expect(result).toMatchObject({ ok: true });
    expect(claimsOf(0)).toMatchObject({ sub: ada, act: { sub: "plain", run: id, attempt: 1 } });
    expect(server.calls()[1]?.headers).toMatchObject({
      "x-behalf-task": "plain",
      "x-behalf-run": id,
      "x-behalf-attempt": "1",
    });
  });
});

describe("serviceTask", () => {
  it("acts as the service role, with a reason for each run", async () => {
    const { serviceTask } = triggerTasks(behalf());
    define(() =>
      serviceTask({
        id: "as-service",
        run: async (_payload: { month: string }, { supabase }) =>
          void (await supabase.from("notes").select()),
        reason: ({ month }) => `billing of ${month}`,
      }));
    const { id } = await run("as-service", { month: "May" });
    expect(bearer(server.calls()[0])).toBe(serviceRoleKey);
    expect(server.calls()[0]?.headers).toMatchObject({
      "x-behalf-reason": "billing%20of%20May",
      "x-behalf-run": id,
      "x-behalf-task": "as-service",
    });
  });

  it("does not run without one", async () => {
    const { serviceTask } = triggerTasks(behalf());
    define(() => serviceTask({ id: "no-reason", reason: " ", run: async () => "ran" }));
    expect((await run("no-reason", {})).result).toMatchObject({
      ok: false,
      skippedRetrying: true,
      error: { message: expect.stringContaining("ERR_SERVICE_REASON") },
    });
  });
});

describe("schema tasks", () => {
  const parse = (value: unknown) => ({ userId: String((value as { id: unknown }).id) });

  it("get what the schema makes of the payload", async () => {
    const { userSchemaTask, serviceSchemaTask } = triggerTasks(behalf());
    define(() => {
      userSchemaTask({
        id: "schema-user",
        schema: parse,
        run: async ({ userId }, { supabase }) =>
          void (await supabase.from("notes").select().eq("body", userId)),
        user: (payload) => payload.userId,
      });
      serviceSchemaTask({
        id: "schema-service",
        schema: parse,
        run: async ({ userId }, { supabase }) =>
          void (await supabase.from("notes").select().eq("body", userId)),
        reason: (payload) => `for ${payload.userId}`,
      });
    });
    await run("schema-user", { id: ada });
    await run("schema-service", { id: ada });
    expect(claimsOf(0)).toMatchObject({ sub: ada });
    expect(server.calls()[1]?.headers["x-behalf-reason"]).toBe(encodeURIComponent(`for ${ada}`));
  });
});

describe("what Trigger.dev records", () => {
  it("holds no key and no token, even of a client that init or run returns", async () => {
    const here = behalf();
    const { userTask } = triggerTasks(here);
    define(() =>
      userTask({
        id: "leaky",
        run: async (payload: { userId: string }, { supabase }) => {
          await supabase.from("notes").select();
          await supabase.realtime.setAuth();
          return { supabase, admin: here.asService({ reason: "leak" }), minted: payload };
        },
        user: (payload) => payload.userId,
        init: async ({ payload }) => ({ supabase: await here.asUser(payload.userId), here }),
      }));
    const { result } = await run("leaky", { userId: ada });
    expect(result).toMatchObject({ ok: true });
    const spans = exporter.getFinishedSpans();
    expect(spans.map(({ name }) => name)).toEqual(expect.arrayContaining(["init()", "run()", "Attempt 1"]));
    const recorded =
      JSON.stringify(spans.map(({ name, attributes, events }) => ({ name, attributes, events }))) +
      JSON.stringify(result);
    expect(recorded).toContain("SupabaseClient");
    for (const secret of [anonKey, serviceRoleKey, jwtSecret, bearer(server.calls()[0]).split(".")[1] ?? "?"])
      expect(recorded).not.toContain(secret);
  });
});

describe("types", () => {
  const { userTask, serviceTask, userSchemaTask } = triggerTasks(
    createBehalf<Database>({ environment: environment("http://127.0.0.1:9") }),
  );

  it("infer payload, output, id and database", () => {
    const typed = userTask({
      id: "typed",
      run: async (payload: { userId: string; n: number }, { supabase, userId, ctx }) => {
        expectTypeOf(supabase).toEqualTypeOf<SupabaseClient<Database>>();
        expectTypeOf(userId).toBeString();
        expectTypeOf(ctx.run.id).toBeString();
        const { data } = await supabase.from("notes").select("body").single();
        expectTypeOf(data).toEqualTypeOf<{ body: string } | null>();
        // @ts-expect-error no such table
        supabase.from("nope");
        return payload.n;
      },
      user: (payload) => {
        expectTypeOf(payload).toEqualTypeOf<{ userId: string; n: number }>();
        return payload.userId;
      },
      onSuccess: async ({ payload, output }) => {
        expectTypeOf(payload.n).toBeNumber();
        expectTypeOf(output).toBeNumber();
      },
    });
    expectTypeOf(typed).toEqualTypeOf<Task<"typed", { userId: string; n: number }, number>>();
    type Trigger = typeof tasks.trigger<typeof typed>;
    expectTypeOf<Parameters<Trigger>[0]>().toEqualTypeOf<"typed">();
    expectTypeOf<Parameters<Trigger>[1]>().toEqualTypeOf<{ userId: string; n: number }>();

    const service = serviceTask({ id: "s", reason: "r", run: async () => ({ ok: true as const }) });
    expectTypeOf(service).toEqualTypeOf<Task<"s", void, { ok: true }>>();

    const schema = (value: unknown): { userId: string } => value as { userId: string };
    const withSchema = userSchemaTask({
      id: "z",
      schema,
      run: async (payload) => payload.userId.length,
      user: (payload) => payload.userId,
    });
    expectTypeOf(withSchema).toExtend<TaskWithSchema<"z", typeof schema, number>>();

    const untyped = triggerTasks(createBehalf({ environment: environment("http://127.0.0.1:9") }));
    untyped.userTask({
      id: "untyped",
      run: async (_payload: { id: string }, { supabase }) => {
        expectTypeOf(supabase).toEqualTypeOf<SupabaseClient>();
        await supabase.from("anything").insert({ any: "thing" });
      },
      user: ({ id }) => id,
    });
  });

  it("take a grant for a user, and ask for a reason", () => {
    userTask({ id: "w", run: async (_payload: { grant: string }) => {} });
    userTask({
      id: "x",
      run: async (_payload: { proof: { seal: string } }) => {},
      grant: ({ proof }) => proof.seal,
    });
    // @ts-expect-error reason is missing
    serviceTask({ id: "y", run: async () => {} });
    userTask({
      id: "z",
      run: async (_payload: { userId?: string }) => {},
      // @ts-expect-error the payload may have no user
      user: (payload) => payload.userId,
    });
  });
});
