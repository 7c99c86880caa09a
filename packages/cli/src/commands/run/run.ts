import { configure, runs, tasks } from "@trigger.dev/sdk";
import { UsageError } from "../../errors.js";
import { openProject, type Project } from "../../project/folder.js";
import { withGrant } from "../../project/with-grant.js";
import type { RunError } from "../../runtime/index.js";
import { errorLines, problemLines } from "../error-lines.js";
import { print, printError, printJson, styled } from "../terminal.js";
import { formatToldEvent } from "./event-line.js";
import { errorOf, followRun } from "./follow.js";
import { interruptedCode, listenForInterrupts } from "./interruption.js";
import { createSealer, openTarget, type Target } from "./target.js";
import { fingerprint, waitForReload } from "./watch.js";

export interface RunOptions {
  dir: string;
  payload?: string;
  as?: string;
  scope?: string;
  watch?: boolean;
  json?: boolean;
}

/** What `behalf run --json` prints. */
interface RunResult {
  id: string;
  task: string;
  status: string;
  attempts: number;
  output: unknown;
  error: RunError | null;
}

interface Job {
  project: Project;
  target: Target;
  task: string;
  payload: unknown;
  options: RunOptions;
  signal: AbortSignal;
}

/**
 * `behalf run <task-id>`: one run, on the running `behalf dev` or on a stack started for it; with `watch`, another after each change of the code.
 * Returns the exit code.
 */
export async function run(task: string, options: RunOptions): Promise<number> {
  const payload = parsePayload(options);
  const project = openProject(options.dir);
  const { signal, release } = listenForInterrupts();
  try {
    const target = await openTarget(project);
    try {
      configure({ baseURL: target.endpoints.triggerApiUrl, accessToken: target.endpoints.triggerSecretKey });
      const job = { project, target, task, payload, options, signal };
      return await (options.watch ? runOnEachChange(job) : runOnce(job));
    } finally {
      await target.stop();
    }
  } finally {
    release();
  }
}

function parsePayload({ payload: text, as, scope }: RunOptions): unknown {
  let payload: unknown;
  try {
    payload = text === undefined ? undefined : JSON.parse(text);
  } catch (cause) {
    throw new UsageError(
      "ERR_USAGE_PAYLOAD",
      `--payload is not JSON (${(cause as Error).message}). In a POSIX shell put it in single quotes: --payload '{"userId": "…"}'`,
      { cause },
    );
  }
  if (as === undefined && scope !== undefined)
    throw new UsageError(
      "ERR_USAGE_SCOPE",
      "--scope narrows a grant, and without --as none is sealed. Name the user with --as.",
    );
  if (as === undefined) return payload;
  const fields = payload ?? {};
  if (typeof fields !== "object" || Array.isArray(fields))
    throw new UsageError(
      "ERR_USAGE_PAYLOAD",
      "--as puts a grant into the payload, so --payload has to be a JSON object. Leave it out for an empty one.",
    );
  return fields;
}

async function runOnce(job: Job): Promise<number> {
  const { signal, target, task } = job;
  if (signal.aborted) return interruptedCode;
  const { tasks: known, problems } = await target.status();
  if (!known.includes(task)) {
    printProblems(job, problems);
    throw new UsageError(
      "ERR_USAGE_UNKNOWN_TASK",
      `There is no task ${JSON.stringify(task)} here. There are: ${known.join(", ") || "none"}.`,
    );
  }
  const result = await execute(job);
  if (signal.aborted && result.status === "CANCELED") return interruptedCode;
  return result.status === "COMPLETED" ? 0 : 1;
}

/** Ends with the first Ctrl-C: 0 while it waits for a change, which is what it ends with as a rule; 130 where that cancelled a run. */
async function runOnEachChange(job: Job): Promise<number> {
  const { project, target, task, signal } = job;
  let loaded = { loads: (await target.status()).loads, code: await fingerprint(project.folder) };
  await runOnce(job);
  while (!signal.aborted) {
    printError(styled("dim", "Waiting for a change; Ctrl-C ends.", process.stderr));
    loaded = await waitForReload(target, project.folder, loaded, signal);
    if (signal.aborted) return 0;
    const { tasks: known, problems } = await target.status();
    if (known.includes(task)) await runOnce(job);
    else {
      printProblems(job, problems);
      printError(`There is no task ${JSON.stringify(task)} any more.`);
    }
  }
  return interruptedCode;
}

async function execute(job: Job): Promise<RunResult> {
  const { project, target, task, payload, options, signal } = job;
  const { endpoints } = target;
  const sealed =
    options.as === undefined
      ? payload
      : await withGrant(createSealer(project, endpoints), options.as, task, payload, {
          scope: options.scope,
        });
  const { id } = await tasks.trigger(task, sealed);
  const cancel = () => {
    printError(`Cancelling ${id} … (Ctrl-C again leaves it)`);
    runs
      .cancel(id)
      .catch((error: unknown) => printError(`It can't be cancelled: ${(error as Error).message}`));
  };
  if (signal.aborted) cancel();
  else signal.addEventListener("abort", cancel);
  const ended = await followRun(endpoints, id, (events) => {
    if (options.json) return;
    for (const event of events) {
      const line = formatToldEvent(event, process.stderr);
      if (line !== undefined) printError(line);
    }
  });
  signal.removeEventListener("abort", cancel);
  const result = {
    id,
    task,
    status: ended.status,
    attempts: ended.attemptCount,
    output: ended.output ?? null,
    error: errorOf(ended) ?? null,
  };
  if (options.json && options.watch) print(JSON.stringify(result));
  else if (options.json) printJson(result);
  else printResult(result, job);
  return result;
}

function printProblems({ project: { folder } }: Job, problems: Parameters<typeof problemLines>[0][]): void {
  for (const problem of problems)
    for (const line of problemLines(problem, { folder, stream: process.stderr })) printError(line);
}

function printResult(
  { status, task, id, attempts, output, error }: RunResult,
  { project, options }: Job,
): void {
  const colour = status === "COMPLETED" ? "green" : "red";
  print(`${styled(colour, status)}  ${task}  ${id}  attempts: ${attempts}`);
  if (output !== null) printJson(output);
  if (error) for (const line of errorLines(error, { folder: project.folder })) print(`  ${line}`);
  if (error && options.as !== undefined && error.message.includes('policy "behalf_narrow_'))
    print("  The grant's scope doesn't name this. Pass with --scope what the app grants for the task.");
}
