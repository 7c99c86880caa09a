import { setTimeout as sleep } from "node:timers/promises";
import { type Behalf, createBehalf } from "behalf";
import { type Endpoints, endpointVariables, grantEnvironment } from "../../project/environment.js";
import type { Project } from "../../project/folder.js";
import { findRunning, type RunningDev } from "../../project/running.js";
import { startProject } from "../../project/start.js";
import type { FileProblem } from "../../runtime/index.js";
import { StackError } from "../../stack/index.js";
import { formatDuration, printError } from "../terminal.js";

/** Where a run is executed: in the running `behalf dev`, or in a stack started for it. */
export interface Target {
  endpoints: Endpoints;
  /** What is there now. */
  status(): Promise<{ tasks: string[]; problems: FileProblem[]; loads: number }>;
  stop(): Promise<void>;
}

export async function openTarget(project: Project): Promise<Target> {
  const running = await findRunning(project);
  if (running) return join(running);
  try {
    return await startTarget(project);
  } catch (error) {
    if (!(error instanceof StackError) || error.code !== "ERR_STACK_RUNNING") throw error;
    printError("Another process has just started it: waiting until it is ready …");
    const started = await untilRunning(project);
    if (!started) throw error;
    return join(started);
  }
}

async function join(running: RunningDev): Promise<Target> {
  const endpoints = await running.status();
  return { endpoints, status: () => running.status(), stop: async () => {} };
}

/** Longest that a start of somebody else is waited for, in milliseconds. */
const patience = 60_000;

async function untilRunning(project: Project): Promise<RunningDev | undefined> {
  for (const until = Date.now() + patience; Date.now() < until; await sleep(200)) {
    const running = await findRunning(project);
    if (running) return running;
  }
  return undefined;
}

async function startTarget(project: Project): Promise<Target> {
  printError("Nothing is running here yet: starting Supabase and Trigger.dev for this run …");
  const startedAt = performance.now();
  let loads = 0;
  const { endpoints, runtime, stop } = await startProject(project, {
    onProgress: ({ name, message }) => printError(`  ${name === "warning" ? "!" : "✓"} ${message}`),
    onEvent: ({ type }) => {
      if (type === "reloaded") loads++;
    },
  });
  printError(`Ready in ${formatDuration(performance.now() - startedAt)}.`);
  return {
    endpoints,
    status: async () => ({ tasks: runtime.tasks().map(({ id }) => id), problems: runtime.problems(), loads }),
    stop,
  };
}

/** What an app of this project would seal grants with. */
export function createSealer(project: Project, endpoints: Endpoints): Pick<Behalf, "grant" | "mintToken"> {
  return createBehalf({
    environment: { ...endpointVariables(endpoints), ...grantEnvironment(project, endpoints) },
  });
}
