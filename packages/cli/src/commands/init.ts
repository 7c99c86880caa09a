import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { initProject, type Written } from "../init/index.js";
import { print, printJson, styled } from "./terminal.js";

/** `behalf init`: makes a folder a project, or adds what a project lacks. */
export async function init(options: { dir: string; json?: boolean }): Promise<void> {
  const folder = resolve(options.dir);
  const written = await initProject(folder);
  if (options.json) return printJson({ folder, files: written });
  print(`${folder}\n`);
  printWritten(written);
  if (!existsSync(join(folder, "node_modules", "behalf")))
    print(
      written.some(({ file, what }) => file === "package.json" && what === "wrote")
        ? "\nInstall what the files import: npm install"
        : "\nInstall what the files import: npm install behalf @supabase/supabase-js @trigger.dev/sdk",
    );
  print("\nStart it with: behalf dev");
}

export function printWritten(written: Written[]): void {
  for (const { file, what } of written)
    print(`  ${what === "wrote" ? styled("green", "wrote") : styled("dim", "kept ")}  ${file}`);
}
