import { checkBundles } from "../code/bundles.js";
import { checkPublicSecrets, type Environment, isConfigured, readEnvironment } from "../environment.js";
import { checkProject } from "../project.js";
import { type DoctorReport, lookAtSchema, sortFindings, tableToTry, withDatabase } from "../run-doctor.js";
import { checkCode, checkCommitted } from "./check-committed.js";
import { checkTarget, checkWebhooksOnDisk } from "./check-database.js";
import { checkGrants } from "./check-grants.js";
import { checkTrigger } from "./check-trigger.js";
import { checkSideVariables } from "./check-variables.js";
import { readCode } from "./read-code.js";
import { type EnvFile, readSides, type Side } from "./sides.js";
import { readTriggerConfig } from "./trigger-config.js";

export interface DeployCheckOptions {
  /** The project's folder. */
  folder: string;
  /** The files of variables; with none, `.env.production`, else this process's variables. */
  envFiles: readonly EnvFile[];
  /** This process's variables. `SUPABASE_DB_URL` names the database that is looked at. */
  environment: Environment;
  /** Asks no hosted project. */
  offline?: boolean | undefined;
}

const sides: readonly Side[] = ["app", "tasks", "functions"];
const runsAt: Record<Side, string> = {
  app: "the app",
  tasks: "Trigger.dev",
  functions: "Edge Functions",
};

/** Whether all is there that hosted Supabase and Trigger.dev need, as far as the project's files, its variables and its database tell. Reads only. */
export async function runDeployCheck(options: DeployCheckOptions): Promise<DoctorReport> {
  const { folder, environment } = options;
  const report: DoctorReport = { findings: [], facts: [], skipped: [] };
  const { findings, facts, skipped } = report;
  const environments = readSides(folder, options.envFiles, environment);
  const { variables } = environments.tasks;

  const config = await readTriggerConfig(folder, { ...environment, ...variables });
  const code = await readCode(folder, config?.dirs);
  const trigger = checkTrigger(folder, config, code.tasks);
  findings.push(...trigger.findings);
  skipped.push(...trigger.skipped);

  for (const side of sides) {
    if (code[side].files.length === 0) continue;
    const { length } = code[side].files;
    facts.push(`For ${runsAt[side]}: ${length} file${length === 1 ? "" : "s"} of code.`);
    findings.push(
      ...(await checkSideVariables(folder, { side, code: code[side], environment: environments[side] })),
    );
  }
  findings.push(...(await checkGrants(code, environments)));
  findings.push(...checkPublicSecrets(readEnvironment(folder, {}).files, findings));

  const all = { ...environments.functions.variables, ...environments.app.variables, ...variables };
  findings.push(...(await checkBundles(folder, all)));
  const inCode = await checkCode(
    folder,
    sides.flatMap((side) => code[side].files),
    all,
  );
  findings.push(...inCode);
  const committed = await checkCommitted(folder, all);
  // What is told of deployed code is reason enough to take it out.
  if (committed)
    findings.push(...committed.filter(({ where }) => !inCode.some((told) => told.where === where)));
  else skipped.push("Committed files: git keeps nothing of this folder.");

  const databaseUrl = environment.SUPABASE_DB_URL ?? all.SUPABASE_DB_URL;
  const looked = databaseUrl
    ? await withDatabase(databaseUrl, skipped, async (client) => {
        const target = await checkTarget(folder, client);
        findings.push(...target.findings);
        facts.push(...target.facts);
        return lookAtSchema(folder, client, variables.BEHALF_USERS);
      })
    : undefined;
  if (looked) {
    findings.push(...looked.findings);
    facts.push(...looked.facts);
  } else {
    findings.push(...checkWebhooksOnDisk(folder));
    if (!databaseUrl)
      skipped.push(
        "Database: set SUPABASE_DB_URL to the hosted project's connection string (dashboard → Connect) for this command, to have its migrations, policies and webhooks looked at.",
      );
  }

  const isBroken = findings.some(({ code }) => /^DOCTOR_(?:CONFIG|KEY)_|^DEPLOY_LOCAL_/.test(code));
  if (!isConfigured(variables)) skipped.push("Project: no SUPABASE_ variable is set for the tasks.");
  else if (options.offline) skipped.push("Project: not asked (--offline).");
  else if (isBroken) skipped.push("Project: the variables have to be put right first.");
  else {
    const project = await checkProject(variables, { table: tableToTry(looked?.schema) });
    findings.push(...project.findings);
    facts.push(...project.facts);
  }
  sortFindings(findings);
  return report;
}
