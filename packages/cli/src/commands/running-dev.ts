import { configure, runs } from "@trigger.dev/sdk";
import { UsageError } from "../errors.js";
import { openProject } from "../project/folder.js";
import { findRunning, type RunningStatus } from "../project/running.js";
import type { ToldRun } from "./run/follow.js";

/**
 * The running `behalf dev` of a folder, with Trigger.dev's SDK pointing at it.
 *
 * @throws {UsageError} `ERR_USAGE_NOT_RUNNING` where there is none.
 */
export async function connectToDev(dir: string): Promise<RunningStatus & { folder: string }> {
  const project = openProject(dir);
  const running = await findRunning(project);
  if (!running)
    throw new UsageError(
      "ERR_USAGE_NOT_RUNNING",
      `Nothing is running for ${project.folder}, and its runs are told by what runs. Start it with: behalf dev`,
    );
  const status = await running.status();
  configure({ baseURL: status.triggerApiUrl, accessToken: status.triggerSecretKey });
  return { ...status, folder: project.folder };
}

/** A whole id; shorter ones are the beginning of one, as they are shown. */
const wholeLength = 25;
const most = 100;

type FoundRun = Pick<ToldRun, "id" | "status" | "isCompleted">;

/**
 * The run that somebody means, who may have typed only how its id begins. Of those, the latest are looked at.
 *
 * @throws {UsageError} `ERR_USAGE_UNKNOWN_RUN` where none or several begin so.
 */
export async function findRun(typed: string): Promise<FoundRun> {
  const found = typed.length < wholeLength ? await findLatest(typed) : await findWhole(typed);
  const [run] = found;
  if (run && found.length === 1) return run;
  throw new UsageError(
    "ERR_USAGE_UNKNOWN_RUN",
    found.length > 1
      ? `${found.length} runs have ids that begin with ${JSON.stringify(typed)}. Type more of it.`
      : typed.length < wholeLength
        ? `None of the ${most} latest runs has an id that begins with ${JSON.stringify(typed)}. See which there are with: behalf runs`
        : `There is no run ${typed} here. See which there are with: behalf runs`,
  );
}

async function findLatest(beginning: string): Promise<FoundRun[]> {
  return (await runs.list({ limit: most })).data.filter(({ id }) => id.startsWith(beginning));
}

async function findWhole(id: string): Promise<FoundRun[]> {
  try {
    return [await runs.retrieve(id)];
  } catch (error) {
    if ((error as { status?: number }).status === 404) return [];
    throw error;
  }
}
