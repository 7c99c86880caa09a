import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { cp, mkdir, readdir, readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import type { Project } from "../project/folder.js";
import { startStack } from "../stack/index.js";

/**
 * A stopped stack whose migrations and seed have run, kept in `.behalf/testing` and named after all files of `supabase/` that make it what it is.
 * Copying it spares each test file the creation of a cluster and the migrations.
 */
export async function findTemplate(project: Project): Promise<string> {
  const folder = join(project.state, "testing");
  const template = join(folder, `template-${await fingerprint(join(project.folder, "supabase"))}`);
  if (await exists(template)) return template;
  await mkdir(folder, { recursive: true, mode: 0o700 });
  // What the migrations were before is of no more use. This one may have come from another test file meanwhile.
  for (const name of await readdir(folder)) {
    if (name.startsWith("template-") && join(folder, name) !== template)
      await rm(join(folder, name), { recursive: true, force: true });
  }
  const building = join(folder, `building-${process.pid}-${Date.now()}`);
  try {
    const stack = await startStack({ directory: building, project: project.folder });
    await stack.stop();
    // Of two test files that build it at once, the second finds it there.
    await rename(building, template).catch(async (error: unknown) => {
      if (!(await exists(template))) throw error;
    });
  } finally {
    await rm(building, { recursive: true, force: true });
  }
  return template;
}

/** Copies a template, owners and modes included: under root, Postgres' files belong to another account. */
export async function copyTemplate(template: string, to: string): Promise<void> {
  if (process.platform === "win32") return cp(template, to, { recursive: true });
  await promisify(execFile)("cp", ["-a", `${template}/.`, to]);
}

async function fingerprint(supabase: string): Promise<string> {
  const hash = createHash("sha256");
  const names = await readdir(supabase, { recursive: true, withFileTypes: true }).catch(() => []);
  const files = names
    .filter(
      (entry) =>
        entry.isFile() && /\.(sql|toml|json)$/.test(entry.name) && !entry.parentPath.includes("node_modules"),
    )
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
  for (const file of files)
    hash
      .update(`${file.slice(supabase.length)}\0`)
      .update(await readFile(file))
      .update("\0");
  // A template of another version of the stack may lack what this one expects.
  for (const file of await stackFiles()) hash.update(await readFile(file));
  return hash.digest("hex").slice(0, 16);
}

async function stackFiles(): Promise<string[]> {
  const folder = new URL("../../sql/stack/", import.meta.url);
  return (await readdir(folder)).sort().map((name) => join(fileURLToPath(folder), name));
}

async function exists(folder: string): Promise<boolean> {
  return readdir(folder).then(
    () => true,
    () => false,
  );
}
