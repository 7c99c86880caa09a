import { existsSync, statSync } from "node:fs";
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { UsageError } from "../errors.js";
import { findConfigFile } from "../runtime/files/find-files.js";
import { nextVersion } from "./next-version.js";
import { type Written, writeMigrations } from "./write-migrations.js";

const templates = new URL("../../templates/init/", import.meta.url);
const source = /\.[cm]?[jt]sx?$/;

/**
 * Makes a folder a project, or adds to a project what it lacks. No file that is there is changed. Tables and rows of ours have no place
 * among somebody's own, nor have our tasks: they come where there is neither.
 *
 * @throws {UsageError} `ERR_USAGE_NO_FOLDER` where a file has the name of a folder that it needs; then nothing was written
 */
export async function initProject(folder: string, now = new Date()): Promise<Written[]> {
  const tasks = await findTaskFolder(folder);
  for (const needed of ["", "supabase", "supabase/migrations", tasks]) refuseFile(join(folder, needed));
  await mkdir(folder, { recursive: true });
  const hasTables = existsSync(join(folder, "supabase", "migrations"));
  const hasTasks = (await listFiles(join(folder, tasks))).some((name) => source.test(name));
  const written = [
    await add(folder, "package.json", await packageJson(folder)),
    await add(folder, ".gitignore", await template("gitignore")),
    await add(folder, ".env.example", await template("env.example")),
    await add(
      folder,
      "supabase/config.toml",
      (await template("supabase/config.toml")).replace('"project"', JSON.stringify(nameOf(folder))),
    ),
    ...(await writeMigrations(folder, now)),
  ];
  const isNew = !hasTables && !hasTasks;
  if (isNew) {
    const names = await listFiles(join(folder, "supabase/migrations"));
    const notes = `supabase/migrations/${nextVersion(names, now)}_notes.sql`;
    written.push(await add(folder, notes, await template("supabase/migrations/notes.sql")));
    written.push(await add(folder, "supabase/seed.sql", await template("supabase/seed.sql")));
  }
  if (!findConfigFile(folder))
    written.push(
      await add(
        folder,
        "trigger.config.ts",
        (await template("trigger.config.ts")).replace("./trigger", `./${tasks}`),
      ),
    );
  written.push(await add(folder, `${tasks}/supabase.ts`, await template("trigger/supabase.ts")));
  if (!hasTasks) {
    const task = isNew ? "add-note.ts" : "who-am-i.ts";
    written.push(await add(folder, `${tasks}/${task}`, await template(`trigger/${task}`)));
  }
  return written;
}

function refuseFile(path: string): void {
  if (!statSync(path, { throwIfNoEntry: false })?.isFile()) return;
  throw new UsageError(
    "ERR_USAGE_NO_FOLDER",
    `${path} is a file, where a folder of that name is needed. Move it away, or name another folder with --dir.`,
  );
}

/** Where the project keeps its tasks: what its config says first, else where Trigger.dev looks. */
async function findTaskFolder(folder: string): Promise<string> {
  const config = findConfigFile(folder);
  const [, named] =
    /\bdirs\s*:\s*\[\s*["'`](?:\.\/)?([^"'`]+)/.exec(config ? await readFile(config, "utf8") : "") ?? [];
  if (named) return named.replace(/\/+$/, "");
  return existsSync(join(folder, "src", "trigger")) ? "src/trigger" : "trigger";
}

async function add(folder: string, file: string, text: string): Promise<Written> {
  const path = join(folder, file);
  await mkdir(dirname(path), { recursive: true });
  try {
    await writeFile(path, text, { flag: "wx" });
    return { file, what: "wrote" };
  } catch (error) {
    if ((error as { code?: string }).code !== "EEXIST") throw error;
    return { file, what: "kept" };
  }
}

function template(name: string): Promise<string> {
  return readFile(new URL(name, templates), "utf8");
}

async function listFiles(folder: string): Promise<string[]> {
  return existsSync(folder) ? readdir(folder) : [];
}

/** The packages that the other files import, in the versions that this one was tested with. */
async function packageJson(folder: string): Promise<string> {
  const own = JSON.parse(await readFile(new URL("../../package.json", import.meta.url), "utf8")) as {
    version: string;
    dependencies: Record<string, string>;
    peerDependencies: Record<string, string>;
  };
  const supabase = own.peerDependencies["@supabase/supabase-js"];
  // One exact version: Trigger.dev's own command deploys with that alone.
  const trigger = own.dependencies["@trigger.dev/core"]?.replace(/^\D+/, "");
  const content = {
    name: nameOf(folder),
    private: true,
    type: "module",
    scripts: { dev: "behalf dev" },
    dependencies: {
      "@supabase/supabase-js": supabase,
      "@trigger.dev/sdk": trigger,
      behalf: own.dependencies.behalf,
    },
    devDependencies: { "@behalf/cli": own.version },
  };
  return `${JSON.stringify(content, null, 2)}\n`;
}

/** The folder's name, as a package or a Supabase project may be called. */
function nameOf(folder: string): string {
  const name = folder.split(/[\\/]/).at(-1) ?? "";
  return (
    name
      .toLowerCase()
      .replaceAll(/[^a-z0-9-]+/g, "-")
      .replaceAll(/^-+|-+$/g, "") || "tasks"
  );
}
