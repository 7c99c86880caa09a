import { runDeployCheck } from "../doctor/index.js";
import { UsageError } from "../errors.js";
import { openProject } from "../project/folder.js";
import { printReport } from "./doctor.js";
import { printJson } from "./terminal.js";

export interface DeployOptions {
  dir: string;
  check?: boolean;
  envFile?: string;
  appEnv?: string;
  tasksEnv?: string;
  functionsEnv?: string;
  offline?: boolean;
  json?: boolean;
}

const order = `behalf deploys nothing itself: the project's files are Supabase's and Trigger.dev's own. In this order:
  npx behalf deploy --check             what is missing
  npx supabase db push                  the migrations, first: what comes next relies on them
  npx supabase functions deploy         the Edge Functions, if there are any
  npx trigger.dev@latest deploy         the tasks
then the app that triggers them.`;

/** `behalf deploy --check`: returns the exit code, 1 where there is a finding of level error. Without `check` it says what deploying is. */
export async function deploy(options: DeployOptions): Promise<0 | 1> {
  if (!options.check) throw new UsageError("ERR_USAGE_DEPLOY", order);
  const { folder } = openProject(options.dir);
  const { envFile, appEnv, tasksEnv, functionsEnv } = options;
  const report = await runDeployCheck({
    folder,
    envFiles: [
      ...(envFile ? [{ side: undefined, file: envFile }] : []),
      ...(appEnv ? [{ side: "app" as const, file: appEnv }] : []),
      ...(tasksEnv ? [{ side: "tasks" as const, file: tasksEnv }] : []),
      ...(functionsEnv ? [{ side: "functions" as const, file: functionsEnv }] : []),
    ],
    environment: process.env,
    offline: options.offline,
  });
  if (options.json) printJson(report);
  else printReport(report);
  return report.findings.some(({ level }) => level === "error") ? 1 : 0;
}
