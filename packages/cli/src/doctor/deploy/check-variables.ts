import { readFileSync } from "node:fs";
import { join } from "node:path";
import { classifyKey } from "behalf";
import { checkVariables, type Environment } from "../environment.js";
import { type Finding, found } from "../finding.js";
import type { SideCode } from "./read-code.js";
import type { Side, SideEnvironment } from "./sides.js";

interface SideToCheck {
  side: Side;
  code: SideCode;
  environment: SideEnvironment;
}

/** What each side finds in its environment without anybody setting it. */
const given: Record<Side, RegExp> = {
  app: /^(?:NODE_ENV|PORT|HOST|HOSTNAME|HOME|PATH|TMPDIR|CI|VERCEL\w*|NEXT_RUNTIME|MODE|DEV|PROD|BASE_URL|SSR)$/,
  tasks: /^(?:NODE_ENV|HOME|PATH|TMPDIR|CI|TRIGGER_\w+)$/,
  functions:
    /^(?:SUPABASE_(?:URL|DB_URL|ANON_KEY|SERVICE_ROLE_KEY|PUBLISHABLE_KEYS|SECRET_KEYS|JWKS)|SB_\w+|DENO_\w+)$/,
};

const whereToSet: Record<Side, (name: string) => string> = {
  app: () => "Set it where the app is hosted, and in the file of variables that is checked.",
  tasks: () =>
    "Set it in the Trigger.dev dashboard → Environment Variables, and in the file of variables that is checked.",
  functions: (name) => `supabase secrets set ${name}=…, and put it into the file that --functions-env names.`,
};

/** Every variable of one side: there, of the right kind, and of a project that is hosted. */
export async function checkSideVariables(folder: string, side: SideToCheck): Promise<Finding[]> {
  const local = checkLocal(folder, side);
  const told = new Set(local.map(({ name }) => name));
  const own = await checkOwn(side, told);
  const needed = new Set(own.map(({ name }) => name));
  return [
    ...local.map(({ finding }) => finding),
    ...checkReads(side, new Set([...told, ...needed])),
    ...checkTriggerKey(side, told),
    ...checkNames(side),
    ...own.map(({ finding }) => finding),
  ];
}

/** `SUPABASE_URL (.env.production) for tasks` */
export const placeFor = (name: string, { side, environment }: SideToCheck) =>
  environment.variables[name] ? `${name} (${environment.placeOf(name)}) for ${side}` : `${name} for ${side}`;

const localAddress =
  /^[a-z][a-z0-9+.-]*:\/\/(?:[^@/]*@)?(?:localhost|127\.\d+\.\d+\.\d+|0\.0\.0\.0|\[::1?\]|host\.docker\.internal|kong)(?=[:/?#]|$)/i;

/** Whether an address is one that only this machine, or a container on it, can reach. */
export const isLocalAddress = (value: string) => localAddress.test(value.trim());

// The Supabase CLI gives every machine the same ones.
const cliKeys =
  /^(?:super-secret-jwt-token-with-at-least-32-characters-long|sb_(?:publishable_ACJWlzQHlZjBrEguHvfOxg|secret_N7UND0UgjKTVK-Uodkm0Hg)_\w+)$/;

function checkLocal(folder: string, side: SideToCheck): { name: string; finding: Finding }[] {
  const kept = stackSecrets(folder);
  return Object.entries(side.environment.variables).flatMap(([name, value]) => {
    if (!value || (side.side === "functions" && given.functions.test(name))) return [];
    if (isLocalAddress(value)) return [{ name, finding: found("DEPLOY_LOCAL_VALUE", placeFor(name, side)) }];
    const isOfStack =
      kept.has(value) || cliKeys.test(value) || classifyKey(value).project === "supabase-demo";
    return isOfStack ? [{ name, finding: found("DEPLOY_LOCAL_KEY", placeFor(name, side)) }] : [];
  });
}

/** What `behalf dev` keeps for this project; a private key counts by its text, as `behalf status` shows it. */
function stackSecrets(folder: string): Set<string> {
  try {
    const secrets: unknown = JSON.parse(readFileSync(join(folder, ".behalf", "secrets.json"), "utf8"));
    return new Set(
      Object.values(secrets as Record<string, unknown>).map((value) =>
        typeof value === "string" ? value : JSON.stringify(value),
      ),
    );
  } catch {
    return new Set();
  }
}

function checkReads(side: SideToCheck, told: Set<string>): Finding[] {
  const { variables } = side.environment;
  const expected = [
    ...side.code.reads,
    ...(side.code.usesTrigger && side.side !== "tasks"
      ? [{ name: "TRIGGER_SECRET_KEY", where: "@trigger.dev/sdk" }]
      : []),
  ];
  return expected
    .filter(({ name }) => !variables[name] && !given[side.side].test(name) && !told.has(name))
    .map(({ name, where }) =>
      found("DEPLOY_VARIABLE_MISSING", placeFor(name, side), {
        detail: `${where} reads it.`,
        cure: whereToSet[side.side](name),
      }),
    );
}

function checkTriggerKey(side: SideToCheck, told: Set<string>): Finding[] {
  const key = side.environment.variables.TRIGGER_SECRET_KEY;
  if (!key || side.side === "tasks" || !side.code.usesTrigger || told.has("TRIGGER_SECRET_KEY")) return [];
  return /^tr_(?:prod|stg|preview)_/.test(key)
    ? []
    : [found("DEPLOY_TRIGGER_KEY", placeFor("TRIGGER_SECRET_KEY", side))];
}

function checkNames(side: SideToCheck): Finding[] {
  if (side.side !== "functions") return [];
  return [...side.environment.own]
    .filter((name) => name.startsWith("SUPABASE_"))
    .map((name) => found("DEPLOY_FUNCTION_SECRET_NAME", placeFor(name, side)));
}

/** By behalf's own rules, where the side uses it. An Edge Function's keys are Supabase's to give. */
async function checkOwn(side: SideToCheck, told: Set<string>): Promise<{ name: string; finding: Finding }[]> {
  const { code, environment } = side;
  if (!code.usesBehalf) return [];
  const variables: Environment =
    side.side === "functions" ? asInFunctions(environment.variables) : { ...environment.variables };
  for (const name of told) delete variables[name];
  const found = await checkVariables(variables, {
    actsAsUser: code.actsAsUser,
    actsAsService: code.actsAsService,
    told,
  });
  return found
    .filter(({ name, finding }) => {
      const isMissing = finding.code === "DOCTOR_CONFIG_MISSING";
      // What whoever only makes grants lacks for that is told with the grants' key.
      return !(isMissing && code.makesGrants && !code.actsAsUser && name !== "SUPABASE_URL");
    })
    .map(({ name, finding }) => {
      const why = finding.code === "DOCTOR_CONFIG_MISSING" ? missing[name] : undefined;
      const words = why ? { why, cure: whereToSet[side.side](name) } : {};
      return { name, finding: { ...finding, ...words, where: placeFor(name, side) } };
    });
}

/** What behalf needs each for. */
const missing: Record<string, string> = {
  SUPABASE_URL: "It says which project to work on, and nothing sets it.",
  SUPABASE_PUBLISHABLE_KEY:
    "Every request names the project with it, or with SUPABASE_ANON_KEY, and nothing sets either.",
  SUPABASE_JWT_SECRET:
    "Users' tokens are signed with it, or better with SUPABASE_SIGNING_KEY, and nothing sets either.",
  SUPABASE_SECRET_KEY:
    "The service role's client needs it, or SUPABASE_SERVICE_ROLE_KEY, and nothing sets either.",
};

function asInFunctions(variables: Environment): Environment {
  const own = Object.entries(variables).filter(([name]) => !name.startsWith("SUPABASE_"));
  return {
    ...Object.fromEntries(own),
    SUPABASE_URL: variables.SUPABASE_URL ?? "https://functions.invalid",
    SUPABASE_PUBLISHABLE_KEYS: '{"default":"sb_publishable_of_supabase"}',
    SUPABASE_SECRET_KEYS: '{"default":"sb_secret_of_supabase"}',
  };
}
