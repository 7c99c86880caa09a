import type { StartedProject } from "../../project/start.js";
import type { Ending } from "./ending.js";
import { openBrowser } from "./open-browser.js";
import type { Reporter } from "./reporter.js";

const help = [
  ["o", "open the console"],
  ["r", "run the last run again"],
  ["c", "clear the screen"],
  ["q", "quit, as Ctrl-C does"],
  ["?", "show this"],
] as const;

const ctrlC = "\u0003";
/** Erases the screen and what was scrolled out of it, and begins at its top. */
const clear = "\u001B[2J\u001B[3J\u001B[H";

export interface ActionsOptions {
  started: Pick<StartedProject, "runtime" | "consoleUrl">;
  reporter: Pick<Reporter, "note">;
  ending: Pick<Ending, "interrupt">;
}

/** What the keys of a running `behalf dev` do. */
export function createActions({ started, reporter, ending }: ActionsOptions): Map<string, () => unknown> {
  const { runtime, consoleUrl } = started;
  const open = async () => {
    if (!consoleUrl) reporter.note("There is no console here.");
    else if (!(await openBrowser(consoleUrl))) reporter.note(`The console is at ${consoleUrl}`);
  };
  const rerun = () =>
    replayLast(runtime).then(
      (id) =>
        reporter.note(id ? `Again, as ${id}` : "Nothing has run yet. Run a task with: behalf run <task-id>"),
      (error: unknown) => reporter.note(`It can't be run again: ${(error as Error).message}`),
    );
  return new Map<string, () => unknown>([
    ["o", open],
    ["r", rerun],
    ["c", () => process.stdout.write(clear)],
    ["q", ending.interrupt],
    [ctrlC, ending.interrupt],
    ["?", () => reporter.note(help.map(([key, what]) => `  ${key}  ${what}`).join("\n"))],
  ]);
}

/** Runs the newest run again; where that was another's child, the one it all began with. */
async function replayLast({
  apiUrl,
  secretKey,
}: ActionsOptions["started"]["runtime"]): Promise<string | undefined> {
  const { configure, runs } = await import("@trigger.dev/sdk");
  configure({ baseURL: apiUrl, accessToken: secretKey });
  const [last] = (await runs.list({ limit: 1 })).data;
  if (!last) return undefined;
  const { relatedRuns } = await runs.retrieve(last.id);
  return (await runs.replay(relatedRuns?.root?.id ?? last.id)).id;
}
