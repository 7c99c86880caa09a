import { Hono } from "hono";
import type { ConsoleContext } from "./context.js";
import type { ConsoleProject, ConsoleQueues, ConsoleSchedules } from "./contract.js";

interface ApiSchedule {
  id: string;
  task: string;
  type: "DECLARATIVE" | "IMPERATIVE";
  generator: { expression: string };
  timezone: string;
  active: boolean;
  nextRun: string | null;
  externalId: string | null;
}

/** The API says more of a queue; this is what the page shows. */
type ApiQueue = ConsoleQueues["queues"][number];

/** What there is beside runs and tasks. */
export function listRoutes(context: ConsoleContext): Hono {
  const { api, database, redact } = context;
  const pause = (queue: string, action: "pause" | "resume") =>
    api.post<ApiQueue>(`/api/v1/queues/${encodeURIComponent(queue)}/pause`, { type: "id", action });
  return new Hono()
    .get("/api/project", (c) => c.json(viewProject(context)))
    .get("/api/schedules", async (c) => {
      const { data } = await api.get<{ data: ApiSchedule[] }>("/api/v1/schedules", [["perPage", "100"]]);
      return c.json(redact({ schedules: data.map(viewSchedule) } satisfies ConsoleSchedules));
    })
    .get("/api/queues", async (c) => {
      const { data } = await api.get<{ data: ApiQueue[] }>("/api/v1/queues", [["perPage", "100"]]);
      return c.json(redact({ queues: data.map(viewQueue) } satisfies ConsoleQueues));
    })
    .post("/api/queues/:queue/pause", async (c) =>
      c.json(viewQueue(await pause(c.req.param("queue"), "pause"))),
    )
    .post("/api/queues/:queue/resume", async (c) =>
      c.json(viewQueue(await pause(c.req.param("queue"), "resume"))),
    )
    .get("/api/users", async (c) => c.json(redact(await database.findUsers(c.req.query("search") ?? ""))));
}

function viewProject({ project, stack, runtime }: ConsoleContext): ConsoleProject {
  const name = project.folder.split(/[\\/]/).at(-1) ?? project.folder;
  return { name, supabaseUrl: stack.url, triggerApiUrl: runtime.apiUrl };
}

function viewSchedule({ generator, ...schedule }: ApiSchedule): ConsoleSchedules["schedules"][number] {
  const { id, task, type, timezone, active, nextRun, externalId } = schedule;
  return { id, task, type, cron: generator.expression, timezone, active, nextRun, externalId };
}

function viewQueue(queue: ApiQueue): ConsoleQueues["queues"][number] {
  const { id, name, type, running, queued, paused, concurrencyLimit } = queue;
  return { id, name, type, running, queued, paused, concurrencyLimit };
}
