import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type Finding, found } from "../finding.js";
import type { SideCode } from "./read-code.js";
import type { TriggerConfig } from "./trigger-config.js";

/** trigger.config.ts and the versions of Trigger.dev's packages: what `trigger deploy` refuses. */
export function checkTrigger(
  folder: string,
  config: TriggerConfig | undefined,
  tasks: SideCode,
): { findings: Finding[]; skipped: string[] } {
  if (!config) {
    const findings =
      tasks.usesTrigger || tasks.usesBehalf ? [found("DEPLOY_NO_TRIGGER_CONFIG", tasks.files[0] ?? "")] : [];
    return { findings, skipped: [] };
  }
  const { file, project, maxDuration } = config;
  const findings: Finding[] = [];
  const skipped: string[] = [];
  if (project === null) skipped.push(`${file}: only running it would tell its project.`);
  // As Trigger.dev makes them.
  else if (!/^proj_[a-z]{20}$/.test(project ?? "")) findings.push(found("DEPLOY_PROJECT_REF", file));
  if (maxDuration === null) skipped.push(`${file}: only running it would tell its maxDuration.`);
  else if (!maxDuration || maxDuration < 5) findings.push(found("DEPLOY_MAX_DURATION", file));
  return { findings: [...findings, ...checkPackages(folder)], skipped };
}

function checkPackages(folder: string): Finding[] {
  const file = join(folder, "package.json");
  if (!existsSync(file)) return [];
  const { dependencies, devDependencies } = readManifest(file);
  const versions = Object.entries({ ...devDependencies, ...dependencies }).filter(
    ([name]) => name === "trigger.dev" || name.startsWith("@trigger.dev/"),
  );
  const different = new Set(versions.map(([, version]) => version));
  if (different.size > 1) {
    const detail = `${versions.map((entry) => entry.join(" ")).join(", ")}.`;
    return [found("DEPLOY_PACKAGE_VERSIONS", "package.json", { detail })];
  }
  return versions.flatMap(([name, version]) =>
    /^\d+\.\d+\.\d+(?:-[\w.]+)?$/.test(version)
      ? []
      : [found("DEPLOY_PACKAGE_RANGE", `package.json, ${name}`, { detail: `${version}:` })],
  );
}

/** Empty where it is no JSON: whatever installs packages says so. */
function readManifest(file: string): Record<string, Record<string, string> | undefined> {
  try {
    return JSON.parse(readFileSync(file, "utf8")) as ReturnType<typeof readManifest>;
  } catch {
    return {};
  }
}
