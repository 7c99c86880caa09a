import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, rename, rm, writeFile } from "node:fs/promises";
import { join, relative, sep } from "node:path";
import { type BuildFailure, type BuildOptions, build, type Message, type Metafile } from "esbuild";
import type { FileProblem } from "../types.js";
import type { TaskFile } from "../worker/messages.js";

/** What a build came to. */
export interface Bundle {
  /** Names the content: the same files give the same version. */
  version: string;
  files: TaskFile[];
  problems: FileProblem[];
}

/** Builds the config alone: its `dirs` have to be known before the task files are. */
export async function bundleConfig(project: string, configFile: string): Promise<Bundle> {
  return bundleFiles(project, [relative(project, configFile)]);
}

/**
 * Builds files into `<project>/.behalf/build/<version>/`, below the project so that what they import resolves as it does for the
 * project itself. A file that doesn't build is reported and left out.
 */
export async function bundleFiles(project: string, files: string[]): Promise<Bundle> {
  if (files.length === 0) return { version: "empty", files: [], problems: [] };
  const { good, problems } = await tryBuild(project, files);
  if (good.length === 0) return { version: "empty", files: [], problems };
  const result = await build({ ...options(project, good), write: false, metafile: true });
  const hash = createHash("sha256");
  for (const { path, contents } of result.outputFiles) hash.update(relative(project, path)).update(contents);
  const version = hash.digest("hex").slice(0, 16);
  const root = join(project, ".behalf", "build");
  const folder = join(root, version);
  if (!existsSync(folder)) {
    const temporary = join(root, `.${version}-${process.pid}-${Date.now()}`);
    await prepare(join(project, ".behalf"), temporary);
    for (const { path, contents } of result.outputFiles) {
      const target = join(temporary, relative(join(root, "out"), path));
      await mkdir(join(target, ".."), { recursive: true });
      await writeFile(target, contents);
    }
    // Another process may have put the same content there meanwhile.
    await rename(temporary, folder).catch(() => rm(temporary, { recursive: true, force: true }));
  }
  return { version, files: outputsOf(result.metafile, good, folder), problems };
}

/** All at once, as usual; one by one only to tell the bad files from the good. */
async function tryBuild(
  project: string,
  files: string[],
): Promise<{ good: string[]; problems: FileProblem[] }> {
  const check = async (some: string[]): Promise<Message[]> => {
    try {
      await build({ ...options(project, some), write: false });
      return [];
    } catch (error) {
      const { errors } = error as BuildFailure;
      if (!errors) throw error;
      return errors;
    }
  };
  if ((await check(files)).length === 0) return { good: files, problems: [] };
  const good: string[] = [];
  const problems: FileProblem[] = [];
  for (const file of files) {
    const errors = await check([file]);
    if (errors.length === 0) good.push(file);
    for (const { text, location } of errors) {
      problems.push({
        file: location?.file ?? file,
        ...(location ? { line: location.line } : {}),
        message: text,
      });
    }
  }
  return { good, problems };
}

function options(project: string, files: string[]) {
  return {
    absWorkingDir: project,
    entryPoints: files,
    outdir: join(project, ".behalf", "build", "out"),
    outbase: project,
    outExtension: { ".js": ".mjs" },
    bundle: true,
    splitting: true,
    format: "esm",
    platform: "node",
    target: "node20",
    packages: "external",
    sourcemap: "linked",
    // Errors then name the sources by paths that hold wherever the build lies.
    sourcesContent: true,
    keepNames: true,
    logLevel: "silent",
  } satisfies BuildOptions;
}

function outputsOf(metafile: Metafile, files: string[], folder: string): TaskFile[] {
  const out = join(".behalf", "build", "out");
  const byEntry = new Map(
    Object.entries(metafile.outputs).flatMap(([path, { entryPoint }]) =>
      entryPoint ? [[entryPoint, path]] : [],
    ),
  );
  return files.flatMap((file) => {
    const path = byEntry.get(file);
    return path ? [{ file, output: join(folder, relative(out, path.split("/").join(sep))) }] : [];
  });
}

async function prepare(state: string, folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  const ignore = join(state, ".gitignore");
  if (!existsSync(ignore)) await writeFile(ignore, "*\n");
}
