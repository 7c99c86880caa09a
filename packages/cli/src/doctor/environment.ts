import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parseEnv } from "node:util";
import { BehalfError, type BehalfErrorCode, createBehalf, errorTable } from "behalf";
import type { DoctorCode, Finding } from "./finding.js";

export type Environment = Record<string, string | undefined>;

/** The variables that task code would find, and where each is set. */
export interface ProjectEnvironment {
  variables: Environment;
  /** What to call the place of a variable: `.env.local`, or "the environment". */
  placeOf(variable: string): string;
  /** Every `.env*` file, also those that only a build or a deployment reads. */
  files: { file: string; variables: Record<string, string> }[];
}

const templates = /\.(?:example|sample|template|dist)$/;

/** Reads the variables of this process and the project's `.env` files; `.env.local` wins over `.env`, both over the process. */
export function readEnvironment(folder: string, inherited: Environment): ProjectEnvironment {
  const files = readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isFile() && /^\.env(?:\.|$)/.test(entry.name) && !templates.test(entry.name))
    .map(({ name }) => ({ file: name, variables: read(join(folder, name)) }))
    .sort((a, b) => a.file.localeCompare(b.file));
  const variables: Environment = { ...inherited };
  const places = new Map<string, string>();
  for (const { file, variables: more } of files.filter(
    ({ file }) => file === ".env" || file === ".env.local",
  )) {
    for (const [name, value] of Object.entries(more)) {
      variables[name] = value;
      places.set(name, file);
    }
  }
  return { variables, files, placeOf: (variable) => places.get(variable) ?? "the environment" };
}

function read(file: string): Record<string, string> {
  const entries = Object.entries(parseEnv(readFileSync(file, "utf8")));
  return Object.fromEntries(entries.flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])));
}

// What createBehalf reads to know the project and whom to act as. SUPABASE_DB_URL and the like are for tools.
const identity =
  /^(?:SUPABASE_(?:URL|PROJECT_URL|JWT_SECRET|\w+_KEYS?)|BEHALF_(?:BROKER|GRANT|JWT|SIGNING|REQUIRE)_\w+)$/;

/** Whether anything at all says which project to work on, or as whom. */
export function isConfigured(variables: Environment): boolean {
  return Object.keys(variables).some((name) => identity.test(name) && variables[name]);
}

/** Checks the variables by behalf's own rules, and the other `.env` files for secrets that a build would publish. */
export async function checkEnvironment(environment: ProjectEnvironment): Promise<Finding[]> {
  const findings: Finding[] = [];
  if (isConfigured(environment.variables))
    for (const { name, finding } of await checkVariables(environment.variables))
      findings.push({ ...finding, where: `${name} (${environment.placeOf(name)})` });
  return [...findings, ...checkPublicSecrets(environment.files, findings)];
}

/** Secrets in files, under names that a build would publish, and about which nothing has been said. */
export function checkPublicSecrets(
  files: ProjectEnvironment["files"],
  known: readonly Finding[] = [],
): Finding[] {
  return files.flatMap(({ file, variables }) =>
    Object.entries(variables).flatMap(([name, value]) => {
      const where = `${name} (${file})`;
      const isTold = known.some((other) => other.where.startsWith(where));
      return !isTold && isPublicSecret(name, value) ? [finding("ERR_CONFIG_PUBLIC_SECRET", where)] : [];
    }),
  );
}

/** What the code does with the variables, where that is known, and the variables about which something was said already. */
export interface VariablesUse {
  actsAsUser?: boolean;
  actsAsService?: boolean;
  told?: ReadonlySet<string>;
}

/** Checks variables by behalf's own rules. `where` is the variable's bare name. */
export async function checkVariables(
  variables: Environment,
  use: VariablesUse = {},
): Promise<{ name: string; finding: Finding }[]> {
  return (await refusals(variables, use)).flatMap(({ code, variables }) =>
    variables.map((name) => ({ name, finding: finding(code, name) })),
  );
}

interface Refusal {
  code: BehalfErrorCode;
  variables: string[];
}

/** Of the right form, to see what else is missing. */
const placeholders: Environment = {
  SUPABASE_URL: "https://doctor.invalid",
  SUPABASE_PUBLISHABLE_KEY: "sb_publishable_doctor",
  SUPABASE_SECRET_KEY: "sb_secret_doctor",
  SUPABASE_JWT_SECRET: "a placeholder, of which only the form counts".replaceAll(" ", "-"),
};

/** Behalf stops at the first mistake: each is taken out of the way to see the next. */
async function refusals(variables: Environment, use: VariablesUse): Promise<Refusal[]> {
  const rest = { ...variables };
  const found: Refusal[] = [];
  for (;;) {
    const error = await refusalOf(rest, use);
    if (!error) return found;
    const code = error.code as BehalfErrorCode;
    const named = namesIn(error.message);
    if (code === "ERR_CONFIG_MISSING") {
      const [name = ""] = named;
      // What is missing only because it was taken out has been told already.
      const isTold = named.some((other) => variables[other] || use.told?.has(other));
      if (!isTold) found.push({ code, variables: [name] });
      const placeholder = placeholders[name];
      if (use.told === undefined || !placeholder || rest[name]) return found;
      rest[name] = placeholder;
      continue;
    }
    const guilty = named.filter((name) => rest[name] && rest[name] !== placeholders[name]);
    // Keys of any project differ from a placeholder's.
    if (code === "ERR_CONFIG_PROJECT_MISMATCH" && rest.SUPABASE_URL === placeholders.SUPABASE_URL) {
      for (const name of guilty) delete rest[name];
      if (guilty.length > 0) continue;
      return found;
    }
    if (guilty.length === 0) return [...found, { code, variables: ["SUPABASE_URL"] }];
    found.push({ code, variables: guilty });
    for (const name of guilty) delete rest[name];
  }
}

/** The variables that an error's first sentence is about; what follows is the cure. */
function namesIn(message: string): string[] {
  return [...new Set(message.split(". ")[0]?.match(/\b[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+\b/g))];
}

async function refusalOf(
  environment: Environment,
  { actsAsUser = false, actsAsService = false }: VariablesUse,
): Promise<BehalfError | undefined> {
  // What is missing for something that the code doesn't do isn't missed.
  let isNeeded = true;
  try {
    const behalf = createBehalf({
      environment,
      users: "trust",
      requireGrant: false,
      fetch: async () => new Response(),
    });
    if (actsAsService) behalf.asService({ reason: "to see whether it could" });
    isNeeded = actsAsUser && !environment.BEHALF_BROKER_URL;
    // Minting compares the JWT secret with the anon key that it must have signed.
    await behalf.mintToken("00000000-0000-4000-8000-000000000000");
  } catch (error) {
    if (!(error instanceof BehalfError)) throw error;
    const isOurs = /^ERR_(?:CONFIG|KEY)_/.test(error.code);
    return isOurs && (isNeeded || error.code !== "ERR_CONFIG_MISSING") ? error : undefined;
  }
  return undefined;
}

function isPublicSecret(name: string, value: string): boolean {
  const probe = {
    SUPABASE_URL: "https://doctor.invalid",
    SUPABASE_SECRET_KEY: "sb_secret_doctor",
    [name]: value,
  };
  try {
    createBehalf({ environment: probe });
  } catch (error) {
    return error instanceof BehalfError && error.code === "ERR_CONFIG_PUBLIC_SECRET";
  }
  return false;
}

function finding(code: BehalfErrorCode, where: string): Finding {
  const { cause, cure } = errorTable[code];
  return { code: code.replace("ERR_", "DOCTOR_") as DoctorCode, level: "error", where, why: cause, cure };
}
