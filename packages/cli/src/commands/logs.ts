import { runs } from "@trigger.dev/sdk";
import { errorLines } from "./error-lines.js";
import { formatToldEvent } from "./run/event-line.js";
import { errorOf, followRun, type ToldEvent, type ToldRun } from "./run/follow.js";
import { listenForInterrupts } from "./run/interruption.js";
import { connectToDev, findRun } from "./running-dev.js";
import { formatDuration, print, printJson, styled } from "./terminal.js";

export interface LogsOptions {
  dir: string;
  follow?: boolean;
  json?: boolean;
}

/** `behalf logs <run>`: what a run logged, and how it ended; with `follow`, as it comes, until the run ends. */
export async function logs(typed: string, { dir, follow, json }: LogsOptions): Promise<void> {
  const dev = await connectToDev(dir);
  const { id } = await findRun(typed);
  const { signal, release } = listenForInterrupts();
  const told: ToldEvent[] = [];
  const tell = (events: ToldEvent[]) => {
    if (json && !follow) told.push(...events);
    for (const event of json && !follow ? [] : events) {
      const line = json ? JSON.stringify(event) : formatToldEvent(event);
      if (line !== undefined) print(line);
    }
  };
  try {
    // Without an end to wait for, one look is all: an aborted signal ends there.
    const run = await followRun(dev, id, tell, follow ? signal : AbortSignal.abort());
    if (json && !follow) printJson(told);
    else if (!json) printEnd(run, dev.folder);
  } finally {
    release();
  }
}

function printEnd(run: ToldRun, folder: string): void {
  const colour = run.isSuccess ? "green" : run.isCompleted ? "red" : "dim";
  const time = run.isCompleted ? ` in ${formatDuration(run.durationMs)}` : "";
  print(
    `${styled(colour, run.status)}  ${run.taskIdentifier}  ${run.id}${time}  attempts: ${run.attemptCount}`,
  );
  const error = errorOf(run);
  if (error) for (const line of errorLines(error, { folder })) print(`  ${line}`);
}

/** `behalf cancel <run>`. */
export async function cancel(typed: string, { dir }: { dir: string }): Promise<void> {
  await connectToDev(dir);
  const { id, status, isCompleted } = await findRun(typed);
  if (isCompleted) return print(`${id} has ended already: ${status}`);
  await runs.cancel(id);
  print(`Asked ${id} to stop. See how it ends with: behalf logs ${id} --follow`);
}

/** `behalf replay <run>`: its task again, with the same payload. */
export async function replay(typed: string, { dir }: { dir: string }): Promise<void> {
  await connectToDev(dir);
  const { id } = await findRun(typed);
  print((await runs.replay(id)).id);
}
