import { BehalfError } from "behalf";
import { Hono } from "hono";
import { decodeJwt } from "jose";
import { withGrant } from "../project/with-grant.js";
import type { ConsoleContext } from "./context.js";
import type { ConsoleRunRequest, ConsoleTasks } from "./contract.js";
import { ConsoleFailure } from "./failure.js";
import type { ApiRun, ApiRunPage } from "./trigger-api.js";

export function taskRoutes(context: ConsoleContext): Hono {
  return new Hono()
    .get("/api/tasks", async (c) => c.json(context.redact(await listTasks(context))))
    .post("/api/tasks/:task/run", async (c) => {
      const { payload, as, scope } = await readRunRequest(c.req.raw);
      const task = c.req.param("task");
      const sealed = as === undefined ? payload : await sealFor(context, as, task, payload, scope);
      const { id } = await context.api.post<{ id: string }>(
        `/api/v1/tasks/${encodeURIComponent(task)}/trigger`,
        {
          ...(sealed === undefined ? {} : { payload: JSON.stringify(sealed) }),
          options: { payloadType: "application/json", test: true },
        },
      );
      return c.json({ id });
    });
}

async function listTasks({ api, database, runtime }: ConsoleContext): Promise<ConsoleTasks> {
  const lastRun = async (task: string) => {
    const { data } = await api.get<{ data: ApiRun[] }>("/api/v1/runs", [
      ["filter[taskIdentifier]", task],
      ["page[size]", "1"],
    ]);
    const last = data[0] && (await api.get<ApiRunPage>(`/api/v3/runs/${data[0].id}`)).payload;
    if (typeof last !== "object" || last === null || Array.isArray(last))
      return { lastPayload: last, lastScope: null };
    // A grant is good for one payload and a short time; the form seals a new one, for the same scope.
    const { grant, ...rest } = last as Record<string, unknown>;
    return { lastPayload: rest, lastScope: scopeOf(grant) };
  };
  const tasks = await Promise.all(
    runtime.tasks().map(async (task) => ({
      id: task.id,
      file: task.file,
      queue: task.queue,
      description: task.description ?? null,
      schedule: task.schedule ?? null,
      payloadSchema: task.payloadSchema,
      ...(await lastRun(task.id)),
    })),
  );
  return {
    tasks: tasks.sort((a, b) => a.id.localeCompare(b.id)),
    problems: runtime.problems().map(({ file, line, message }) => ({ file, line: line ?? null, message })),
    strictTables: await database.strictTables(),
  };
}

function scopeOf(grant: unknown): string | null {
  if (typeof grant !== "string") return null;
  try {
    const { scope } = decodeJwt(grant);
    return typeof scope === "string" ? scope : null;
  } catch {
    return null;
  }
}

async function readRunRequest(request: Request): Promise<ConsoleRunRequest> {
  const body = (await request.json().catch(() => undefined)) as ConsoleRunRequest | undefined;
  const isText = (value: unknown) => value === undefined || typeof value === "string";
  if (typeof body !== "object" || body === null || !isText(body.as) || !isText(body.scope)) {
    throw new ConsoleFailure(400, "ERR_CONSOLE_REQUEST", "A run takes a JSON object { payload, as, scope }.");
  }
  return body;
}

async function sealFor(
  { behalf }: ConsoleContext,
  userId: string,
  task: string,
  payload: unknown,
  scope: string | undefined,
) {
  if (payload !== undefined && (typeof payload !== "object" || payload === null || Array.isArray(payload))) {
    throw new ConsoleFailure(
      422,
      "ERR_CONSOLE_REQUEST",
      "To run as a user the payload has to be a JSON object: the grant becomes its member `grant`.",
    );
  }
  return withGrant(behalf, userId, task, payload ?? {}, { scope }).catch((error: unknown) => {
    if (error instanceof BehalfError)
      throw new ConsoleFailure(422, "ERR_CONSOLE_REQUEST", `No grant was sealed: ${error.message}`);
    throw error;
  });
}
