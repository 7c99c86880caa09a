import { existsSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { initProject, missingPackages, type Written } from "../init/index.js";
import { print, printJson, styled } from "./terminal.js";

/** `behalf init`: makes a folder a project, or adds what a project lacks. */
export async function init(options: { dir: string; json?: boolean }): Promise<void> {
  const folder = resolve(options.dir);
  const written = await initProject(folder);
  const install = installCommands(folder, written);
  if (options.json) return printJson({ folder, files: written, install });
  print(`${folder}\n`);
  printWritten(written);
  print("\nNext:");
  for (const command of [...install, "npx behalf dev", tryCommand(folder, written)]) print(`  ${command}`);
}

/** What installs the packages that the files import. */
function installCommands(folder: string, written: Written[]): string[] {
  if (written.some(({ file, what }) => file === "package.json" && what === "wrote")) return ["npm install"];
  const missing = missingPackages(folder);
  return missing.length > 0 || existsSync(join(folder, "node_modules")) ? missing : ["npm install"];
}

const ada = "11111111-1111-4111-8111-111111111111";

/** A task of ours that is there, also from an earlier time; else one of theirs. */
function tryCommand(folder: string, written: Written[]): string {
  const clients =
    written.find(({ file }) => /(?:^|\/)supabase\.ts$/.test(file))?.file ?? "trigger/supabase.ts";
  const has = (task: string) => existsSync(join(folder, dirname(clients), `${task}.ts`));
  if (has("add-note")) return `npx behalf run add-note --payload '{"userId": "${ada}", "body": "hello"}'`;
  return has("who-am-i")
    ? `npx behalf run who-am-i --payload '{"userId": "${ada}"}'`
    : "npx behalf run <task id> --payload '{}'";
}

export function printWritten(written: Written[]): void {
  for (const { file, what } of written)
    print(`  ${what === "wrote" ? styled("green", "wrote") : styled("dim", "kept ")}  ${file}`);
}
