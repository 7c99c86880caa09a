import { createHmac } from "node:crypto";
import type { Runtime } from "../runtime/index.js";
import type { Stack, StackKeys } from "../stack/index.js";
import type { Project } from "./folder.js";

/** What `behalf status --json` prints of the parts a client or script can be pointed at. */
export interface Endpoints {
  supabaseUrl: string;
  databaseUrl: string;
  publishableKey: string;
  secretKey: string;
  anonKey: string;
  serviceRoleKey: string;
  jwtSecret: string;
  triggerApiUrl: string;
  triggerSecretKey: string;
  /** What an app that runs beside seals grants with. */
  grantKey: string;
}

// createBehalf would take these before the stack's own values, or verify with another project's keys.
const elsewhere = new Set([
  "SUPABASE_PUBLISHABLE_KEYS",
  "SUPABASE_SECRET_KEYS",
  "SUPABASE_JWKS",
  "SUPABASE_JWKS_URL",
]);

/**
 * The variables that task code finds in its environment: the names hosted projects use, and the project's own `.env`,
 * which wins only for names that don't point at the local stack.
 */
export function taskEnvironment(
  project: Pick<Project, "environment">,
  stack: Pick<Stack, "url" | "keys" | "s3">,
): Record<string, string> {
  const { keys } = stack;
  const signingKey = keys.signingKeys[0];
  const own = Object.entries(project.environment).filter(([name]) => !elsewhere.has(name));
  return {
    NODE_ENV: "development",
    ...grantEnvironment(project, keys),
    ...Object.fromEntries(own),
    SUPABASE_URL: stack.url,
    SUPABASE_PROJECT_URL: stack.url,
    SUPABASE_ANON_KEY: keys.anonKey,
    SUPABASE_SERVICE_ROLE_KEY: keys.serviceRoleKey,
    SUPABASE_PUBLISHABLE_KEY: keys.publishableKey,
    SUPABASE_SECRET_KEY: keys.secretKey,
    SUPABASE_JWT_SECRET: keys.jwtSecret,
    S3_ENDPOINT: stack.s3.endpoint,
    S3_REGION: stack.s3.region,
    S3_ACCESS_KEY_ID: stack.s3.accessKeyId,
    S3_SECRET_ACCESS_KEY: stack.s3.secretAccessKey,
    ...(signingKey ? { SUPABASE_SIGNING_KEY: JSON.stringify(signingKey) } : {}),
  };
}

/**
 * What another machine's environment has to hold for its `behalf worker` to execute runs of this queue. With the superuser's connection string, because
 * the queue is out of every other role's reach. The project's own variables are left out: they come with its folder.
 */
export function workerEnvironment(
  project: Project,
  stack: Stack,
  runtime: Pick<Runtime, "apiUrl" | "secretKey">,
): Record<string, string> {
  return {
    ...taskEnvironment({ ...project, environment: grantEnvironment(project, stack.keys) }, stack),
    TRIGGER_API_URL: runtime.apiUrl,
    TRIGGER_SECRET_KEY: runtime.secretKey,
    BEHALF_DATABASE_URL: stack.adminDatabaseUrl,
  };
}

/**
 * The key of grants, for those who seal (Edge Functions, tests) and those who open (tasks) alike: the project's own, or one that is
 * made from its JWT secret, so that grants need no configuration here.
 */
export function grantEnvironment(
  project: Pick<Project, "environment">,
  keys: Pick<StackKeys, "jwtSecret">,
): { BEHALF_GRANT_KEY: string } {
  const made = createHmac("sha256", keys.jwtSecret).update("grants of behalf dev").digest("base64url");
  return { BEHALF_GRANT_KEY: project.environment.BEHALF_GRANT_KEY ?? made };
}

/** The same values as variables, for `createBehalf` on behalf of a command. */
export function endpointVariables(endpoints: Endpoints): Record<string, string> {
  return {
    SUPABASE_URL: endpoints.supabaseUrl,
    SUPABASE_PUBLISHABLE_KEY: endpoints.publishableKey,
    SUPABASE_SECRET_KEY: endpoints.secretKey,
    SUPABASE_ANON_KEY: endpoints.anonKey,
    SUPABASE_SERVICE_ROLE_KEY: endpoints.serviceRoleKey,
    SUPABASE_JWT_SECRET: endpoints.jwtSecret,
    BEHALF_GRANT_KEY: endpoints.grantKey,
  };
}
