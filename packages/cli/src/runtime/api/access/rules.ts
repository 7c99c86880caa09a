import type pg from "pg";
import { parseJson } from "../failure.js";
import type { Requirement } from "./scopes.js";

/** A request as the rules see it. */
export interface Asked {
  pool: pg.Pool;
  query: URLSearchParams;
  /** What the token may. */
  scopes: string[];
  body(): Promise<string>;
}

/** What public tokens may ask, and what it takes. What no rule names needs the secret key. */
interface Rule {
  method: string;
  path: RegExp;
  /** Uses a one-time token up. */
  consumes?: boolean;
  require(asked: Asked, id: string): Promise<Requirement> | Requirement;
}

const readRuns = ["read:runs", "read:all", "admin"];
const writeRuns = ["write:runs", "admin"];
const writeTasks = ["write:tasks", "admin"];

/** By the platform's routes (apps/webapp/app/routes of triggerdotdev/trigger.dev). */
export const rules: Rule[] = [
  {
    method: "POST",
    path: /^\/api\/v1\/tasks\/([^/]+)\/trigger$/,
    consumes: true,
    require: (_, task) => ({ action: "trigger", resources: { tasks: [task] }, superScopes: writeTasks }),
  },
  {
    method: "POST",
    path: /^\/api\/v2\/tasks\/batch()$/,
    consumes: true,
    require: async ({ body, scopes }) => batchOf(tasksOf(parseJson(await body()), "items"), scopes),
  },
  {
    method: "POST",
    path: /^\/api\/v3\/batches()$/,
    consumes: true,
    require: async ({ body, scopes }) => batchOf(tasksOf(parseJson(await body()), "taskIdentifiers"), scopes),
  },
  // Which tasks these are for is checked item by item, as they arrive.
  {
    method: "POST",
    path: /^\/api\/v3\/batches\/([^/]+)\/items$/,
    require: ({ scopes }) => batchOf([], scopes),
  },
  {
    method: "GET",
    path: /^\/(?:api\/v[13]|realtime\/v1)\/runs\/([^/]+)(?:\/(?:result|metadata|packets\/.+))?$/,
    require: readRun,
  },
  { method: "GET", path: /^\/realtime\/v1\/streams\/([^/]+)\/.+$/, require: readRun },
  {
    method: "GET",
    path: /^\/api\/v1\/runs()$/,
    require: ({ query }) => ({
      action: "read",
      resources: { tasks: listOf(query.get("filter[taskIdentifier]")) },
      superScopes: readRuns,
      every: true,
    }),
  },
  {
    method: "GET",
    path: /^\/realtime\/v1\/runs()$/,
    require: ({ query }) => ({
      action: "read",
      // A run shown has every tag asked for, so the right to one of them is enough.
      resources: { tags: listOf(query.get("tags")) },
      superScopes: readRuns,
    }),
  },
  {
    method: "GET",
    path: /^\/(?:api\/v[12]|realtime\/v1)\/batches\/([^/]+)(?:\/results)?$/,
    require: (_, batch) => ({ action: "read", resources: { batch: [batch] }, superScopes: readRuns }),
  },
  {
    method: "POST",
    path: /^\/api\/v[12]\/runs\/([^/]+)\/(?:cancel|replay|reschedule|tags)$/,
    require: (_, run) => ({ action: "write", resources: { runs: [run] }, superScopes: writeRuns }),
  },
  {
    method: "POST",
    path: /^\/realtime\/v1\/streams\/([^/]+)\/input\/[^/]+$/,
    require: (_, run) => ({
      action: "write",
      resources: { inputStreams: [run] },
      superScopes: ["write:inputStreams", "write:all", "admin"],
    }),
  },
  {
    method: "POST",
    path: /^\/api\/v1\/waitpoints\/tokens\/([^/]+)\/complete$/,
    require: (_, id) => ({
      action: "write",
      resources: { waitpoints: [id] },
      superScopes: ["write:waitpoints", "admin"],
    }),
  },
  {
    method: "GET",
    path: /^\/api\/v1\/waitpoints\/tokens(?:\/([^/]+))?$/,
    require: (_, id) => ({
      action: "read",
      resources: { waitpoints: id === "" ? [] : [id] },
      superScopes: ["read:waitpoints", "read:all", "admin"],
    }),
  },
];

async function readRun({ pool }: Asked, run: string): Promise<Requirement> {
  const { rows } = await pool.query<{ tags: string[]; task: string; batch_id: string | null }>(
    "select tags, task, batch_id from runtime.runs where id = $1",
    [run],
  );
  const row = rows[0];
  const resources = {
    runs: [run],
    tags: row?.tags ?? [],
    tasks: row ? [row.task] : [],
    batch: row?.batch_id ? [row.batch_id] : [],
  };
  return { action: "read", resources, superScopes: readRuns };
}

/** A request that names no task yet needs the right to any: items are checked one by one. */
function batchOf(tasks: string[], scopes: string[]): Requirement {
  const prefix = "batchTrigger:tasks";
  const own = scopes.filter((scope) => scope === prefix || scope.startsWith(`${prefix}:`));
  const named = tasks.length > 0 ? tasks : own.map((scope) => scope.slice(prefix.length + 1));
  return { action: "batchTrigger", resources: { tasks: named }, superScopes: writeTasks, every: true };
}

function tasksOf(body: unknown, name: "items" | "taskIdentifiers"): string[] {
  const list = (body as Record<string, unknown> | null)?.[name];
  if (!Array.isArray(list)) return [];
  return list.map((entry: unknown) => String(name === "items" ? (entry as { task?: unknown })?.task : entry));
}

const listOf = (text: string | null) => (text ? text.split(",") : []);
