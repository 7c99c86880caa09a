import { type Context, Hono } from "hono";
import type { ApiContext, ApiEnv } from "../context.js";
import { found } from "../failure.js";
import { readSelection, readSelectionQuery, type Selection } from "./selection.js";
import { columns } from "./shape.js";
import { type ChangeMessage, type Subscription, Subscriptions } from "./subscriptions.js";

/** Longest a request is held open for something to happen. */
const holdFor = 20_000;
/** Between two looks at the database while held: changes of other servers are only seen there. */
const lookEvery = 1000;
/** Transactions that began before the last look and ended after it carry older times than it. */
const margin = 30_000;

/** `runs.subscribeToRun`, `subscribeToRunsWithTag`, `subscribeToBatch`: Electric's shape protocol over HTTP. */
export function realtimeRoutes(context: ApiContext): Hono<ApiEnv> {
  const subscriptions = new Subscriptions();
  const answer = (c: Context<ApiEnv>, selection: Selection) => follow(context, subscriptions, c, selection);

  return new Hono<ApiEnv>()
    .get("/realtime/v1/runs/:run", async (c) => {
      const run = c.req.param("run");
      const { rows } = await context.pool.query("select 1 from runtime.runs where id = $1", [run]);
      found(rows[0], "Run");
      return answer(c, { run });
    })
    .get("/realtime/v1/runs", (c) => answer(c, readSelectionQuery(new URL(c.req.url).searchParams)))
    .get("/realtime/v1/batches/:batch", async (c) => {
      const batch = c.req.param("batch");
      const { rows } = await context.pool.query("select 1 from runtime.batches where id = $1", [batch]);
      found(rows[0], "Batch");
      return answer(c, { batch });
    });
}

async function follow(
  context: ApiContext,
  subscriptions: Subscriptions,
  c: Context<ApiEnv>,
  selection: Selection,
): Promise<Response> {
  const query = new URL(c.req.url).searchParams;
  const skip = skippedColumns(c, query);
  const handle = query.get("handle");
  const known = handle === null ? undefined : subscriptions.find(handle);
  if (handle !== null && !known && query.get("offset") !== "-1") return startOver(c, subscriptions);
  const subscription = known ?? subscriptions.open();
  const messages =
    query.get("live") === "true"
      ? await nextChanges(context, subscription, selection, skip, c.req.raw.signal)
      : subscription.changesOf(await readSelection(context.pool, selection), skip);
  return send(c, subscription, messages);
}

/** Waits until something changed that the client doesn't know, or long enough. */
async function nextChanges(
  { pool, changes }: ApiContext,
  subscription: Subscription,
  selection: Selection,
  skip: ReadonlySet<string>,
  signal: AbortSignal,
): Promise<ChangeMessage[]> {
  const until = Date.now() + holdFor;
  let since: Date | undefined;
  let changed = () => {};
  const unwatch = changes.watch((row) => {
    if (concerns(selection, row)) changed();
  });
  signal.addEventListener("abort", () => changed(), { once: true });
  try {
    while (!signal.aborted) {
      const next = new Promise<void>((resolve) => {
        changed = resolve;
        setTimeout(resolve, lookEvery).unref();
      });
      const startedAt = Date.now();
      const messages = subscription.changesOf(await readSelection(pool, selection, since), skip);
      if (messages.length > 0 || Date.now() > until) return messages;
      since = new Date(startedAt - margin);
      await next;
    }
    return [];
  } finally {
    unwatch();
  }
}

/** Whether a change may concern a client; that of a batch's other runs is seen at the next look. */
function concerns(
  { run, batch, tags }: Selection,
  row: { id: string; batch_id: string | null; tags: string[] },
) {
  if (run !== undefined) return row.id === run;
  if (batch !== undefined) return row.batch_id === batch;
  return (tags ?? []).every((tag) => row.tags.includes(tag));
}

/** Columns that the client, or its public token, doesn't want. */
function skippedColumns(c: Context<ApiEnv>, query: URLSearchParams): Set<string> {
  const access = c.get("access");
  const realtime = access.kind === "public" ? access.claims.realtime : undefined;
  const ofToken = (realtime as { skipColumns?: unknown } | undefined)?.skipColumns;
  const asked = query.get("skipColumns")?.split(",") ?? [];
  return new Set([...asked, ...(Array.isArray(ofToken) ? ofToken.map(String) : [])]);
}

function send(c: Context, subscription: Subscription, messages: ChangeMessage[]): Response {
  c.header("electric-handle", subscription.handle);
  c.header("electric-offset", subscription.offset);
  c.header("electric-schema", JSON.stringify(columns));
  c.header("electric-cursor", String(Date.now()));
  c.header("electric-up-to-date", "");
  c.header("cache-control", "no-store");
  return c.json([...messages, { headers: { control: "up-to-date" } }]);
}

/** The server restarted, or the client was away too long: what it has may be out of date. */
function startOver(c: Context, subscriptions: Subscriptions): Response {
  c.header("electric-handle", subscriptions.open().handle);
  c.header("cache-control", "no-store");
  return c.json([{ headers: { control: "must-refetch" } }], 409);
}
