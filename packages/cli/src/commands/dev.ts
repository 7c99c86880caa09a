import { rm } from "node:fs/promises";
import { UsageError } from "../errors.js";
import { openControl } from "../project/control.js";
import { openProject, type Project } from "../project/folder.js";
import { findRunning, removeRunning, writeRunning } from "../project/running.js";
import { type StartedProject, startProject } from "../project/start.js";
import { printEndpoints } from "./endpoints.js";
import { printEvent, printProblem } from "./events.js";
import { formatDuration, print, printError, styled } from "./terminal.js";

export interface DevOptions {
  dir: string;
  fresh?: boolean;
  port?: number;
}

/** `behalf dev`: everything this folder needs, running until Ctrl-C or `behalf stop`. */
export async function dev(options: DevOptions): Promise<void> {
  const project = openProject(options.dir);
  if (await findRunning(project)) {
    throw new UsageError(
      "ERR_USAGE_RUNNING",
      `behalf dev is running for ${project.folder} already. See it with: behalf status. End it with: behalf stop.`,
    );
  }
  if (options.fresh) await rm(project.state, { recursive: true, force: true });

  const startedAt = performance.now();
  const started = await startProject(project, {
    port: options.port ?? "configured",
    onProgress: ({ name, message }) =>
      print(`  ${name === "warning" ? styled("yellow", "!") : styled("green", "✓")} ${message}`),
    onEvent: printEvent,
  });
  const { ended } = await serveControl(project, started);
  print(`\nReady in ${formatDuration(performance.now() - startedAt)}.\n`);
  printEndpoints(started.endpoints);
  printTasks(started);
  print("\nCtrl-C stops.");
  await ended;
}

/** Lets other terminals find and stop this one; `ended` settles once everything has. */
async function serveControl(project: Project, started: StartedProject): Promise<{ ended: Promise<void> }> {
  let stopping: Promise<void> | undefined;
  let end: () => void = () => {};
  let fail: (reason: unknown) => void = () => {};
  const ended = new Promise<void>((resolve, reject) => {
    end = resolve;
    fail = reject;
  });
  const stop = () => {
    stopping ??= started.stop().then(() => removeRunning(project));
    return stopping;
  };
  const control = await openControl({
    status: () => ({
      ...started.endpoints,
      tasks: started.runtime.tasks().map((task) => task.id),
      problems: started.runtime.problems().map(({ file, message }) => ({ file, message })),
    }),
    async stop() {
      await stop();
      setImmediate(finish);
    },
  });
  const finish = () => {
    control.close();
    end();
  };
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.once(signal, () => {
      printError("\nStopping …");
      stop().then(finish, fail);
    });
  }
  await writeRunning(project, { controlUrl: control.url, token: control.token });
  return { ended };
}

function printTasks({ runtime }: StartedProject): void {
  const ids = runtime.tasks().map((task) => task.id);
  print(
    ids.length > 0
      ? `\nTasks: ${ids.join(", ")}`
      : "\nNo tasks found. Put one into a folder of trigger.config.ts `dirs`.",
  );
  for (const problem of runtime.problems()) printProblem(problem);
}
