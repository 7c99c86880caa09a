import { rm } from "node:fs/promises";
import { UsageError } from "../../errors.js";
import { openControl } from "../../project/control.js";
import { workerEnvironment } from "../../project/environment.js";
import { openProject, type Project } from "../../project/folder.js";
import { findRunning, removeRunning, writeRunning } from "../../project/running.js";
import { type StartedProject, startProject } from "../../project/start.js";
import { createActions } from "./actions.js";
import { openEnding } from "./ending.js";
import { isForeground } from "./foreground.js";
import { createJsonReporter } from "./json-reporter.js";
import { type KeyInput, listenForKeys } from "./keys.js";
import { partTimer } from "./part-timer.js";
import { createTextReporter } from "./text-reporter.js";

export interface DevOptions {
  dir: string;
  fresh?: boolean;
  port?: number;
  concurrency?: number;
  verbose?: boolean;
  json?: boolean;
}

/** `behalf dev`: everything this folder needs, running until Ctrl-C or `behalf stop`. */
export async function dev(options: DevOptions, input = terminalInput()): Promise<void> {
  const project = openProject(options.dir);
  if (await findRunning(project)) {
    throw new UsageError(
      "ERR_USAGE_RUNNING",
      `behalf dev is running for ${project.folder} already. See it with: behalf status. End it with: behalf stop.`,
    );
  }
  if (options.fresh) await rm(project.state, { recursive: true, force: true });
  const { folder } = project;
  const reporter = options.json
    ? createJsonReporter()
    : createTextReporter({ folder, verbose: options.verbose });

  const timer = partTimer(reporter);
  const started = await startProject(project, {
    port: options.port ?? "configured",
    consolePort: 0,
    ...(options.concurrency ? { concurrency: options.concurrency } : {}),
    onProgress: timer.onProgress,
    onEvent: timer.onEvent,
  });
  const ending = openEnding(async () => {
    reporter.stopping();
    await started.stop();
    await removeRunning(project);
  });
  const control = await serveControl(project, started, timer.loads, ending.stop);
  const keys = options.json ? undefined : input;
  const { endpoints, runtime, consoleUrl } = started;
  timer.ready({
    folder,
    supabaseUrl: endpoints.supabaseUrl,
    triggerApiUrl: endpoints.triggerApiUrl,
    consoleUrl,
    tasks: runtime.tasks().map(({ id }) => id),
    problems: runtime.problems(),
    keys: keys !== undefined,
  });
  const ignoreKeys = keys && listenForKeys(keys, createActions({ started, reporter, ending }));
  try {
    await ending.ended;
  } finally {
    ignoreKeys?.();
    control.close();
  }
}

/** Where a person can press keys, if this is started so. */
function terminalInput(): KeyInput | undefined {
  return process.stdin.isTTY && isForeground() ? process.stdin : undefined;
}

/** Lets other terminals find and stop this one. */
async function serveControl(
  project: Project,
  started: StartedProject,
  loads: () => number,
  stop: () => Promise<void>,
) {
  const control = await openControl({
    status: () => ({
      ...started.endpoints,
      consoleUrl: started.consoleUrl ?? null,
      tasks: started.runtime.tasks().map((task) => task.id),
      problems: started.runtime.problems(),
      loads: loads(),
    }),
    workerEnvironment: () => workerEnvironment(project, started.stack, started.runtime),
    stop,
  });
  await writeRunning(project, { controlUrl: control.url, token: control.token });
  return control;
}
