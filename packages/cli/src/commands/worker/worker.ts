import { openProject, prepareState } from "../../project/folder.js";
import { startRuntime } from "../../runtime/index.js";
import { openEnding } from "../dev/ending.js";
import { createJsonReporter } from "../dev/json-reporter.js";
import { createTextReporter } from "../dev/text-reporter.js";
import { countTasks } from "../events.js";
import { printError } from "../terminal.js";
import { checkServer, untilGone } from "./server.js";
import { readSettings } from "./settings.js";

export interface WorkerOptions {
  dir: string;
  server?: string;
  databaseUrlEnv: string;
  concurrency?: number;
  verbose?: boolean;
  json?: boolean;
}

/** `behalf worker`: executes runs of another process's or machine's queue, until Ctrl-C. Ends with 1 where the server is gone. */
export async function worker(options: WorkerOptions): Promise<void> {
  const project = openProject(options.dir);
  const settings = await readSettings(project, options);
  await checkServer(settings);
  await prepareState(project);
  const { folder } = project;
  const reporter = options.json
    ? createJsonReporter()
    : createTextReporter({ folder, verbose: options.verbose });
  const startedAt = performance.now();
  let ready = false;
  const runtime = await startRuntime({
    project: folder,
    directory: project.state,
    adminDatabaseUrl: settings.databaseUrl,
    environment: settings.environment,
    secretKey: settings.secretKey,
    publicUrl: settings.server,
    ...(options.concurrency ? { concurrency: options.concurrency } : {}),
    onEvent: (event) => {
      if (ready || event.type !== "reloaded") reporter.event(event);
      else
        reporter.part({
          name: "tasks",
          message: `${countTasks(event.tasks)} loaded`,
          durationMs: performance.now() - startedAt,
        });
    },
  });
  ready = true;
  reporter.note(`Working for ${settings.server}. Ctrl-C stops.`);
  if (!settings.environment.SUPABASE_URL)
    reporter.part({
      name: "warning",
      message: "SUPABASE_URL is not set: tasks that use Supabase will fail.",
    });

  const over = new AbortController();
  const ending = openEnding(async () => {
    reporter.stopping();
    over.abort();
    await runtime.stop();
  });
  void untilGone(settings, over.signal).then(() => {
    if (over.signal.aborted) return;
    printError(`${settings.server} doesn't answer any more. Start this worker again with what is new.`);
    // There is no database to give runs back to; whoever opens it next finds that this worker is dead. Task processes end with their parent.
    process.exit(1);
  });
  await ending.ended;
}
