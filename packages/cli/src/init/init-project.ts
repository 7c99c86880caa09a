import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { findConfigFile } from "../runtime/files/find-files.js";
import { nextVersion } from "./next-version.js";
import { type Written, writeMigrations } from "./write-migrations.js";

const templates = new URL("../../templates/init/", import.meta.url);
const source = /\.[cm]?[jt]sx?$/;

/** Makes a folder a project, or adds to a project what it lacks. No file that is there is changed. */
export async function initProject(folder: string, now = new Date()): Promise<Written[]> {
  await mkdir(folder, { recursive: true });
  const isNew = !existsSync(join(folder, "supabase", "migrations"));
  const tasks = await findTaskFolder(folder);
  const hasTasks = (await listFiles(join(folder, tasks))).some((name) => source.test(name));
  const written = [
    await add(folder, "package.json", await packageJson(folder)),
    await add(folder, ".gitignore", await template("gitignore")),
    await add(folder, ".env.example", await template("env.example")),
    ...(await writeMigrations(folder, now)),
  ];
  // Tables and rows of ours have no place among somebody's own.
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
  if (isNew && !hasTasks)
    written.push(await add(folder, `${tasks}/add-note.ts`, await template("trigger/add-note.ts")));
  return written;
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
  const { "@supabase/supabase-js": supabase, "@trigger.dev/sdk": trigger } = own.peerDependencies;
  const name =
    folder
      .split(/[\\/]/)
      .at(-1)
      ?.toLowerCase()
      .replaceAll(/[^a-z0-9-]+/g, "-") || "tasks";
  const content = {
    name,
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
