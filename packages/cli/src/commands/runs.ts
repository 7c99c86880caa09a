import { runs as triggerRuns } from "@trigger.dev/sdk";
import type { RunStatus } from "../runtime/index.js";
import { shortId } from "./events.js";
import { connectToDev } from "./running-dev.js";
import { formatDuration, print, printJson, styled } from "./terminal.js";

type ListedRun = Awaited<ReturnType<typeof triggerRuns.list>>["data"][number];

export interface RunsOptions {
  dir: string;
  status?: RunStatus[];
  task?: string[];
  tag?: string[];
  limit: number;
  json?: boolean;
}

/** `behalf runs`: the latest runs of the running `behalf dev`, newest first. */
export async function runs({ dir, status, task, tag, limit, json }: RunsOptions): Promise<void> {
  await connectToDev(dir);
  const list: ListedRun[] = [];
  const filter = {
    ...(status ? { status } : {}),
    ...(task ? { taskIdentifier: task } : {}),
    ...(tag ? { tag } : {}),
    limit: Math.min(limit, 100),
  };
  for await (const run of triggerRuns.list(filter)) {
    if (list.length === limit) break;
    list.push(run);
  }
  if (json) return printJson(list.map(toJson));
  if (list.length === 0) return print("No run.");
  const width = Math.max(...list.map(({ taskIdentifier }) => taskIdentifier.length));
  for (const run of list) print(formatRun(run, width));
}

function toJson(run: ListedRun) {
  const { id, taskIdentifier, status, tags, createdAt, startedAt, finishedAt, durationMs, isTest } = run;
  return {
    id,
    task: taskIdentifier,
    status,
    tags,
    createdAt,
    startedAt: startedAt ?? null,
    finishedAt: finishedAt ?? null,
    durationMs,
    isTest,
  };
}

function formatRun({ id, taskIdentifier, status, tags, createdAt, durationMs }: ListedRun, width: number) {
  const at = createdAt.toISOString().replace("T", " ").slice(0, 19);
  const colour = colours[status] ?? "dim";
  return [
    styled("dim", at),
    taskIdentifier.padEnd(width),
    shortId(id),
    styled(colour, status.padEnd(9)),
    formatDuration(durationMs).padStart(8),
    ...tags.map((one) => styled("dim", `#${one}`)),
  ].join("  ");
}

const colours: Partial<Record<ListedRun["status"], "green" | "yellow" | "red">> = {
  COMPLETED: "green",
  CANCELED: "yellow",
  EXPIRED: "yellow",
  FAILED: "red",
  CRASHED: "red",
  SYSTEM_FAILURE: "red",
  TIMED_OUT: "red",
};
