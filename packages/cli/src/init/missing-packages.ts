import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** What a project's files import, for work that is deployed and for this machine. */
const wanted = {
  dependencies: ["behalf", "@supabase/supabase-js", "@trigger.dev/sdk"],
  devDependencies: ["@behalf/cli"],
} as const;

const managers: [lockfile: string, add: string, forDevelopment: string][] = [
  ["pnpm-lock.yaml", "pnpm add", "pnpm add --save-dev"],
  ["yarn.lock", "yarn add", "yarn add --dev"],
  ["bun.lock", "bun add", "bun add --dev"],
  ["bun.lockb", "bun add", "bun add --dev"],
];

/** The commands that install what package.json doesn't name yet, with the project's own package manager. A version that is there stays as it is. */
export function missingPackages(folder: string): string[] {
  const { dependencies, devDependencies } = readManifest(folder);
  const isMissing = (name: string) => !(name in { ...dependencies, ...devDependencies });
  const [, add, forDevelopment] = managers.find(([lockfile]) => existsSync(join(folder, lockfile))) ?? [
    "",
    "npm install",
    "npm install --save-dev",
  ];
  const command = (start: string, names: string[]) =>
    names.length > 0 ? [`${start} ${names.join(" ")}`] : [];
  return [
    ...command(add, wanted.dependencies.filter(isMissing)),
    ...command(forDevelopment, wanted.devDependencies.filter(isMissing)),
  ];
}

/** Empty where it is no JSON: whatever installs packages says so. */
function readManifest(folder: string): Record<string, Record<string, string> | undefined> {
  try {
    return JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as ReturnType<typeof readManifest>;
  } catch {
    return {};
  }
}
