import { configure, runs, tasks } from "@trigger.dev/sdk";
import { UsageError } from "../errors.js";
import { openProject, type Project } from "../project/folder.js";
import { findRunning } from "../project/running.js";
import { startProject } from "../project/start.js";
import { print, printError, printJson, styled } from "./terminal.js";

export interface RunOptions {
  dir: string;
  payload?: string;
  json?: boolean;
}

/** What `behalf run --json` prints. */
interface RunResult {
  id: string;
  task: string;
  status: string;
  attempts: number;
  output: unknown;
  error: unknown;
}

/** `behalf run <task-id>`: one run, on the running `behalf dev` or on a stack started for it. Returns the exit code. */
export async function run(taskId: string, options: RunOptions): Promise<0 | 1> {
  const payload = parsePayload(options.payload);
  const result = await withTrigger(openProject(options.dir), async (known) => {
    if (!known.includes(taskId)) {
      throw new UsageError(
        "ERR_USAGE_UNKNOWN_TASK",
        `There is no task ${JSON.stringify(taskId)} here. There are: ${known.join(", ") || "none"}.`,
      );
    }
    const { id } = await tasks.trigger(taskId, payload);
    const ended = await runs.poll(id, { pollIntervalMs: 100 });
    return {
      id,
      task: taskId,
      status: ended.status,
      attempts: ended.attemptCount,
      output: ended.output ?? null,
      error: ended.error ?? null,
    };
  });
  if (options.json) printJson(result);
  else printResult(result);
  return result.status === "COMPLETED" ? 0 : 1;
}

function parsePayload(text: string | undefined): unknown {
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new UsageError(
      "ERR_USAGE_PAYLOAD",
      `--payload is not JSON (${(cause as Error).message}). In a POSIX shell put it in single quotes: --payload '{"userId": "…"}'`,
      { cause },
    );
  }
}

/** Calls `use` with the ids of the tasks there are, the SDK pointing at the project's own Trigger.dev API. */
async function withTrigger<T>(project: Project, use: (taskIds: string[]) => Promise<T>): Promise<T> {
  const running = await findRunning(project);
  if (running) {
    const status = await running.status();
    configure({ baseURL: status.triggerApiUrl, accessToken: status.triggerSecretKey });
    return use(status.tasks);
  }
  printError("Nothing is running here yet: starting Supabase and Trigger.dev for this run …");
  const started = await startProject(project);
  try {
    configure({ baseURL: started.runtime.apiUrl, accessToken: started.runtime.secretKey });
    for (const problem of started.runtime.problems()) printError(`${problem.file}: ${problem.message}`);
    return await use(started.runtime.tasks().map((task) => task.id));
  } finally {
    await started.stop();
  }
}

function printResult(result: RunResult): void {
  const colour = result.status === "COMPLETED" ? "green" : "red";
  print(`${styled(colour, result.status)}  ${result.task}  ${result.id}  attempts: ${result.attempts}`);
  if (result.output !== null) printJson(result.output);
  if (result.error !== null) {
    const { name, message } = result.error as { name?: string; message?: string };
    print(styled("red", `${name ?? "Error"}: ${message ?? JSON.stringify(result.error)}`));
  }
}
