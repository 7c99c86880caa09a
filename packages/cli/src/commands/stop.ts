import { openProject } from "../project/folder.js";
import { findRunning } from "../project/running.js";
import { print } from "./terminal.js";

/** `behalf stop`: ends the `behalf dev` of a folder from another terminal, and returns when it has ended. */
export async function stop(options: { dir: string }): Promise<void> {
  const project = openProject(options.dir);
  const running = await findRunning(project);
  if (!running) return print(`Nothing is running for ${project.folder}.`);
  await running.stop();
  print("Stopped.");
}
