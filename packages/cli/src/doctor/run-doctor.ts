import pg from "pg";
import { readConfig } from "../stack/config/read-config.js";
import { checkBundles } from "./code/bundles.js";
import { checkTaskFiles } from "./code/task-files.js";
import { checkEnvironment, type Environment, isConfigured, readEnvironment } from "./environment.js";
import type { FindingLevel } from "./faults.js";
import type { Finding } from "./finding.js";
import { checkProject } from "./project.js";
import { checkSchema } from "./schema/check-schema.js";
import { readSchema } from "./schema/read-schema.js";
import type { Schema } from "./schema/types.js";

export interface DoctorOptions {
  /** The project's folder. */
  folder: string;
  /** This process's variables; the project's `.env` and `.env.local` win over them. */
  environment: Environment;
  /** What a running `behalf dev` of the folder would give its tasks: used where nothing else names a project. */
  local?: Environment | undefined;
}

/** What `behalf doctor --json` prints. */
export interface DoctorReport {
  /** Errors first, then by where. */
  findings: Finding[];
  /** What was looked at and is well. */
  facts: string[];
  /** What couldn't be looked at, and why. */
  skipped: string[];
}

export interface Examination extends DoctorReport {
  /** For `--fix`; undefined where no database was reached. */
  schema: Schema | undefined;
}

const order: Record<FindingLevel, number> = { error: 0, warn: 1, info: 2 };

/**
 * Looks at everything there is: environment, project, schema and code. Reads only.
 *
 * The database is the one that `SUPABASE_DB_URL` names, or a running `behalf dev`'s: a connection string is a secret, so
 * no option takes one.
 */
export async function runDoctor({ folder, environment, local }: DoctorOptions): Promise<Examination> {
  const own = readEnvironment(folder, environment);
  // As for its tasks: what names no project belongs to the one that runs here.
  const usesLocal = local !== undefined && !own.variables.SUPABASE_URL && !own.variables.SUPABASE_PROJECT_URL;
  const variables = usesLocal ? { ...own.variables, ...local } : own.variables;
  const report: Examination = { findings: [], facts: [], skipped: [], schema: undefined };
  const { findings, facts, skipped } = report;

  findings.push(...(await checkEnvironment({ ...own, variables })));
  if (!isConfigured(variables))
    skipped.push("Environment and project: no SUPABASE_ variable is set, and no `behalf dev` is running.");

  const databaseUrl = variables.SUPABASE_DB_URL;
  if (databaseUrl) {
    const looked = await withDatabase(databaseUrl, skipped, (client) =>
      lookAtSchema(folder, client, variables.BEHALF_USERS),
    );
    report.schema = looked?.schema;
    findings.push(...(looked?.findings ?? []));
    facts.push(...(looked?.facts ?? []));
  } else skipped.push("Schema: SUPABASE_DB_URL is not set, and no `behalf dev` is running.");

  if (isConfigured(variables) && findings.some(({ code }) => /^DOCTOR_(?:CONFIG|KEY)_/.test(code)))
    skipped.push("Project: the environment has to be put right first.");
  else if (isConfigured(variables)) {
    const project = await checkProject(variables, { table: tableToTry(report.schema) });
    // The local stack keeps the legacy secret on purpose.
    findings.push(...project.findings.filter(({ code }) => !(usesLocal && code === "DOCTOR_SIGNING_LEGACY")));
    facts.push(...project.facts);
  }

  findings.push(...(await checkTaskFiles(folder)), ...(await checkBundles(folder, variables)));
  sortFindings(findings);
  return report;
}

/** Errors first, then by where. */
export function sortFindings(findings: Finding[]): void {
  findings.sort((a, b) => order[a.level] - order[b.level] || a.where.localeCompare(b.where));
}

/** Reads the schema and what is wrong with it. */
export async function lookAtSchema(
  folder: string,
  client: pg.Client,
  usersMode: string | undefined,
): Promise<{ schema: Schema; findings: Finding[]; facts: string[] }> {
  const schema = await readSchema(client, readConfig(folder).api.schemas);
  const { exposed, tables, policies } = schema;
  return {
    schema,
    findings: checkSchema(schema, usersMode),
    facts: [
      `Looked at ${exposed.join(", ")}: ${tables.length} tables and views, ${policies.length} policies.`,
    ],
  };
}

/** A table that shows which role a token reaches. */
export function tableToTry(schema: Schema | undefined): { schema: string; name: string } | undefined {
  return schema?.tables.find(
    ({ privileges, schemaUsers }) =>
      privileges.authenticated?.includes("select") && schemaUsers.includes("authenticated"),
  );
}

/** Opens one connection for the time of `work`; undefined, and a reason, where there is none to be had. */
export async function withDatabase<T>(
  connectionString: string,
  skipped: string[],
  work: (client: pg.Client) => Promise<T>,
): Promise<T | undefined> {
  const client = new pg.Client({ connectionString, connectionTimeoutMillis: 20_000 });
  // A server that goes away meanwhile fails the query that waits for it.
  client.on("error", () => undefined);
  try {
    await client.connect();
  } catch (error) {
    const { code } = error as { code?: string };
    skipped.push(`Schema: the database of SUPABASE_DB_URL can't be reached${code ? ` (${code})` : ""}.`);
    return undefined;
  }
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}
