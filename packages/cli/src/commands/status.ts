import { openProject } from "../project/folder.js";
import { findRunning } from "../project/running.js";
import { printEndpoints } from "./endpoints.js";
import { print, printJson } from "./terminal.js";

/** `behalf status`: what is running for a folder. */
export async function status(options: { dir: string; json?: boolean }): Promise<void> {
  const project = openProject(options.dir);
  const running = await findRunning(project);
  if (!running) {
    if (options.json) printJson({ running: false });
    else print(`Nothing is running for ${project.folder}. Start it with: behalf dev`);
    return;
  }
  const { tasks, problems, loads: _, ...endpoints } = await running.status();
  if (options.json) return printJson({ running: true, ...endpoints });
  print(`behalf dev is running for ${project.folder}.\n`);
  printEndpoints(endpoints);
  print(`\nTasks: ${tasks.join(", ") || "none"}`);
  for (const problem of problems) print(`${problem.file}: ${problem.message}`);
}
