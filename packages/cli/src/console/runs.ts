import { Hono } from "hono";
import type { RequestIdentity } from "../stack/index.js";
import type { ConsoleContext } from "./context.js";
import type { ConsoleRunPage, ConsoleRuns } from "./contract.js";
import { type ApiEvent, viewAuditEntry, viewError, viewEvent, viewRun, viewValue } from "./run-page.js";
import type { ApiRun, ApiRunPage } from "./trigger-api.js";

const filters = { status: "status", task: "taskIdentifier", tag: "tag" };
const eventsAtOnce = 1000;
const mostEvents = 2000;

export function runRoutes(context: ConsoleContext): Hono {
  const { api } = context;
  const runPath = (id: string) => `/api/v1/runs/${encodeURIComponent(id)}`;
  return new Hono()
    .get("/api/runs", async (c) => c.json(context.redact(await listRuns(context, c.req.query()))))
    .get("/api/runs/:run", async (c) => c.json(context.redact(await readRun(context, c.req.param("run")))))
    .post("/api/runs/:run/cancel", async (c) => {
      const id = encodeURIComponent(c.req.param("run"));
      return c.json(await api.post(`/api/v2/runs/${id}/cancel`));
    })
    .post("/api/runs/:run/replay", async (c) =>
      c.json(await api.post(`${runPath(c.req.param("run"))}/replay`)),
    )
    .post("/api/runs/:run/retry", async (c) =>
      c.json(await api.post(`${runPath(c.req.param("run"))}/retry`)),
    );
}

async function listRuns(
  { api, identities }: ConsoleContext,
  query: Record<string, string>,
): Promise<ConsoleRuns> {
  const asked = Object.entries(filters).flatMap(([name, filter]): [string, string][] =>
    query[name] ? [[`filter[${filter}]`, query[name]]] : [],
  );
  const { data, pagination } = await api.get<{ data: ApiRun[]; pagination: { next?: string } }>(
    "/api/v1/runs",
    [
      ...asked,
      ["page[size]", query.size ?? "50"],
      ...(query.after ? [["page[after]", query.after] as [string, string]] : []),
    ],
  );
  const ranAs = await identities.ofRuns(data.map(({ id }) => id));
  return { runs: data.map((run) => viewRun(run, ranAs.get(run.id))), next: pagination.next ?? null };
}

async function readRun(context: ConsoleContext, id: string): Promise<ConsoleRunPage> {
  const { api, identities, database, project } = context;
  const run = await api.get<ApiRunPage>(`/api/v3/runs/${encodeURIComponent(id)}`);
  const { parent, children } = run.relatedRuns;
  const family = [run, ...(parent ? [parent] : []), ...children.slice(0, 98)];
  const [ranAs, events, audit] = await Promise.all([
    identities.ofRuns(family.map((one) => one.id)),
    readEvents(context, id),
    database.auditOf(id),
  ]);
  const view = (one: ApiRun) => viewRun(one, ranAs.get(one.id));
  const payload = viewValue(run.payload, run.payloadPresignedUrl);
  const output = viewValue(run.output, run.outputPresignedUrl);
  return {
    run: view(run),
    payload: payload.value,
    payloadTooLarge: payload.tooLarge,
    output: output.value,
    outputTooLarge: output.tooLarge,
    metadata: run.metadata,
    error: viewError(run.error, project.folder),
    parent: parent ? view(parent) : null,
    children: children.map(view),
    events,
    audit: audit?.map(viewAuditEntry) ?? null,
    can: {
      cancel: !run.isCompleted,
      replay: run.isCompleted,
      retry: run.isCompleted
        ? !run.isSuccess && run.status !== "CANCELED"
        : run.status === "QUEUED" && run.attemptCount > 0,
    },
  };
}

async function readEvents({ api, identities }: ConsoleContext, run: string) {
  const events: ApiEvent[] = [];
  while (events.length < mostEvents) {
    const page = await api.get<{ events: ApiEvent[] }>(`/api/v1/runs/${encodeURIComponent(run)}/events`, [
      ["after", events.at(-1)?.id ?? "0"],
    ]);
    events.push(...page.events);
    if (page.events.length < eventsAtOnce) break;
  }
  const used = events.flatMap(({ kind, properties }) =>
    kind === "request" ? [(properties as { identity: RequestIdentity }).identity] : [],
  );
  const name = await identities.name(used);
  return events.map((event) => viewEvent(event, name)).sort((a, b) => a.at.localeCompare(b.at));
}
