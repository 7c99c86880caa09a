import { type Behalf, createBehalf } from "behalf";
import { type Endpoints, endpointVariables, grantEnvironment } from "../../project/environment.js";
import type { Project } from "../../project/folder.js";
import { findRunning } from "../../project/running.js";
import { startProject } from "../../project/start.js";
import type { FileProblem } from "../../runtime/index.js";
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
  if (running) {
    const endpoints = await running.status();
    return { endpoints, status: () => running.status(), stop: async () => {} };
  }
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
