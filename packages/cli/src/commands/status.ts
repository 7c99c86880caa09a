import { UsageError } from "../errors.js";
import { openProject } from "../project/folder.js";
import { findRunning } from "../project/running.js";
import { printEndpoints } from "./endpoints.js";
import { print, printJson } from "./terminal.js";

/** `behalf status`: what is running for a folder. */
export async function status(options: { dir: string; env?: boolean; json?: boolean }): Promise<void> {
  const project = openProject(options.dir);
  const running = await findRunning(project);
  if (!running) {
    if (options.env)
      throw new UsageError(
        "ERR_USAGE_NOT_RUNNING",
        `Nothing is running for ${project.folder}, and its addresses are of what runs. Start it with: behalf dev`,
      );
    if (options.json) printJson({ running: false });
    else print(`Nothing is running for ${project.folder}. Start it with: behalf dev`);
    return;
  }
  if (options.env) return printEnvironment(await running.workerEnvironment());
  const { tasks, problems, loads: _, consoleUrl, ...endpoints } = await running.status();
  if (options.json) return printJson({ running: true, ...endpoints, consoleUrl });
  print(`behalf dev is running for ${project.folder}.\n`);
  printEndpoints(endpoints);
  if (consoleUrl) print(`\nConsole: ${consoleUrl}`);
  print(`\nTasks: ${tasks.join(", ") || "none"}`);
  for (const problem of problems) print(`${problem.file}: ${problem.message}`);
}

/** As `.env` files are written. */
function printEnvironment(variables: Record<string, string>): void {
  print(
    "# For the environment of `behalf worker`. BEHALF_DATABASE_URL is the superuser's; tasks never see it.",
  );
  print(
    "# These addresses are of this machine's loopback: on another one tunnels have to lead from the same ports to here.",
  );
  for (const [name, value] of Object.entries(variables)) print(`${name}='${value}'`);
}
