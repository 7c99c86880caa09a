import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { workspace } from "./workspace.ts";

/** A project made for one test, below the workspace so that its imports resolve as an installed project's would. */
export interface TestProject {
  folder: string;
  write(files: Record<string, string>): Promise<void>;
  remove(): Promise<void>;
}

/** Creates a project from its files: path relative to the folder → text. */
export async function createProject(files: Record<string, string>): Promise<TestProject> {
  const parent = join(workspace, "artifacts");
  await mkdir(parent, { recursive: true });
  const folder = await mkdtemp(join(parent, "project-"));
  const write = async (more: Record<string, string>) => {
    for (const [path, text] of Object.entries(more)) {
      await mkdir(dirname(join(folder, path)), { recursive: true });
      await writeFile(join(folder, path), text);
    }
  };
  await write(files);
  return { folder, write, remove: () => rm(folder, { recursive: true, force: true }) };
}
