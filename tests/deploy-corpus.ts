// Projects that are to be deployed: a good one, and what each fault that is put into it has to be found as.
import { generateKeyPairSync } from "node:crypto";

type Files = Record<string, string>;

/** One fault: the files that it changes, and exactly what is found then. */
export interface DeployFault {
  name: string;
  /** A file that is undefined is left out. */
  files: Record<string, string | undefined>;
  /** `code where`. */
  expect: string[];
}

const ref = "abcdefghijklmnopqrst";
export const hostedUrl = `https://${ref}.supabase.co`;

const pair = (kid: string) => {
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const jwk = (key: typeof privateKey) =>
    JSON.stringify({ ...key.export({ format: "jwk" }), kid, alg: "ES256", use: "sig" });
  return { private: jwk(privateKey), public: jwk(publicKey) };
};
const signing = pair("signing-1");
const grants = pair("grants-1");
const otherGrants = pair("grants-1");
const publishable = "sb_publishable_deploy00000000000000000_00000000";
const secret = "sb_secret_deploy0000000000000000_00000000";
const prodKey = "tr_prod_0123456789abcdefghij";

/** Values that no report may quote. */
export const secrets = [signing, grants, otherGrants].map((key) => key.private).concat(secret, prodKey);

const lines = (variables: Record<string, string | undefined>) =>
  Object.entries(variables).flatMap(([name, value]) => (value === undefined ? [] : [`${name}='${value}'`]));
/** The text of a file of variables. */
export const env = (variables: Record<string, string | undefined>) => `${lines(variables).join("\n")}\n`;

/** What who makes grants has, and what who acts on them has. */
export const granting = { TRIGGER_SECRET_KEY: prodKey, BEHALF_GRANT_KEY: grants.private };
export const acting = {
  SUPABASE_URL: hostedUrl,
  SUPABASE_PUBLISHABLE_KEY: publishable,
  SUPABASE_SIGNING_KEY: signing.private,
  BEHALF_GRANT_KEY: grants.public,
};
const app = { ...granting, SUPABASE_URL: hostedUrl };
const functions = { ...granting, WEBHOOK_SECRET: "a-word" };
const tasks = { ...acting, SUPABASE_SECRET_KEY: secret, DEEPGRAM_SECRET_KEY: "0123456789" };
/** The tasks' variables that a project which answers would take: filled in by the test. */
export const tasksFile = (more: Record<string, string>) => env({ ...tasks, ...more });

const config = (text: string) => `import { defineConfig } from "@trigger.dev/sdk";
export default defineConfig({ ${text} });
`;
const packages = (versions: Record<string, string>) =>
  JSON.stringify({ type: "module", dependencies: { behalf: "0.1.0", ...versions } });

const appTasks = `import { createBehalf } from "behalf";
import { tasks } from "@trigger.dev/sdk";
import type { writeNote } from "../trigger/write-note.ts";
const behalf = createBehalf();
export async function start(accessToken: string, port = process.env.PORT) {
  const { grant } = await behalf.grant({ accessToken, task: "write-note", expiresIn: "1h" });
  return tasks.trigger<typeof writeNote>("write-note", { grant, title: \`\${port}\` });
}
`;
const writeNote = (create: string, user = "") => `import { createBehalf } from "behalf";
import { triggerTasks } from "behalf/trigger";
const behalf = createBehalf(${create});
const { userTask, serviceTask } = triggerTasks(behalf);
const debug = process.env.DEBUG ?? "no";
export const writeNote = userTask({ id: "write-note", run: async (payload: { title: string; grant: string }, { supabase }) => {
  const answer = await fetch("https://api.deepgram.com", { headers: { authorization: \`Token \${process.env.DEEPGRAM_SECRET_KEY}\` } });
  return [debug, answer.status, await supabase.from("notes").insert({ body: payload.title })];
}${user} });
export const count = serviceTask({ id: "count", reason: "statistics", run: async (_: void, { supabase }) => supabase.from("notes").select() });
`;

export const notes = `create table public.notes (id bigint generated always as identity primary key, user_id uuid not null default auth.uid(), body text);
alter table public.notes enable row level security;
create policy own on public.notes for all to authenticated using ((select auth.uid()) = user_id) with check ((select auth.uid()) = user_id);
grant select, insert, update, delete on public.notes to authenticated, service_role;
`;

export const goodProject: Files = {
  "package.json": packages({ "@trigger.dev/sdk": "4.8.3", "@trigger.dev/build": "4.8.3" }),
  ".gitignore": ".env\n.env.*\n!.env.example\n.behalf/\n",
  ".env.example": "SUPABASE_SECRET_KEY=\nSUPABASE_JWT_SECRET=\n",
  ".env.app": env(app),
  ".env.tasks": env(tasks),
  ".env.functions": env(functions),
  "trigger.config.ts": config(
    `project: process.env.TRIGGER_PROJECT_REF ?? "proj_${ref}", dirs: ["./trigger"], maxDuration: 300`,
  ),
  "trigger/write-note.ts": writeNote("{ requireGrant: true }"),
  "app/server.ts": appTasks,
  "supabase/functions/start/index.ts": `import { tasks } from "npm:@trigger.dev/sdk@4.8.3";
import { createBehalf } from "npm:behalf@^0.1.0";
import type { writeNote } from "../../../trigger/write-note.ts";
const behalf = createBehalf();
Deno.serve(async (request) => {
  if (request.headers.get("x-secret") !== Deno.env.get("WEBHOOK_SECRET")!) return new Response("", { status: 401 });
  const url = Deno.env.get("SUPABASE_URL")!;
  const { grant } = await behalf.grant({ accessToken: url, task: "write-note", expiresIn: "1h" });
  return Response.json(await tasks.trigger<typeof writeNote>("write-note", { grant, title: "" }));
});
`,
  "supabase/migrations/20260101000000_notes.sql": notes,
  "tests/notes.ts": `export const url = process.env.ONLY_IN_TESTS;`,
};

const of = (side: string, name: string) => `${name} (.env.${side}) for ${side}`;
const withTasks = (change: Record<string, string | undefined>) => ({
  ".env.tasks": env({ ...tasks, ...change }),
});
const withApp = (change: Record<string, string | undefined>) => ({ ".env.app": env({ ...app, ...change }) });
const withFunctions = (change: Record<string, string | undefined>) => ({
  ".env.functions": env({ ...functions, ...change }),
});
/** A legacy key: the local stack's, or the hosted project's. */
export const legacyKey = (role: string, whose: "local" | "hosted" = "local") => {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
  return `${part({ alg: "HS256", typ: "JWT" })}.${part({ ...(whose === "local" ? { iss: "supabase-demo" } : { iss: "supabase", ref }), role, exp: 4_000_000_000 })}.c2lnbmF0dXJlLW9mLW5vYm9keQ`;
};

export const deployFaults: DeployFault[] = [
  {
    name: "variables that nothing sets",
    files: {
      ...withTasks({ DEEPGRAM_SECRET_KEY: undefined, SUPABASE_URL: undefined }),
      ...withApp({ TRIGGER_SECRET_KEY: undefined, SUPABASE_URL: undefined }),
      ...withFunctions({ WEBHOOK_SECRET: undefined }),
    },
    expect: [
      "DEPLOY_VARIABLE_MISSING DEEPGRAM_SECRET_KEY for tasks",
      "DEPLOY_VARIABLE_MISSING TRIGGER_SECRET_KEY for app",
      "DEPLOY_VARIABLE_MISSING WEBHOOK_SECRET for functions",
      "DOCTOR_CONFIG_MISSING SUPABASE_URL for app",
      "DOCTOR_CONFIG_MISSING SUPABASE_URL for tasks",
    ],
  },
  {
    name: "nothing to sign with, no key for the service role",
    files: withTasks({ SUPABASE_SIGNING_KEY: undefined, SUPABASE_SECRET_KEY: undefined }),
    expect: [
      "DOCTOR_CONFIG_MISSING SUPABASE_JWT_SECRET for tasks",
      "DOCTOR_CONFIG_MISSING SUPABASE_SECRET_KEY for tasks",
    ],
  },
  {
    name: "no key for the service role",
    files: withTasks({ SUPABASE_SECRET_KEY: undefined }),
    expect: ["DOCTOR_CONFIG_MISSING SUPABASE_SECRET_KEY for tasks"],
  },
  {
    name: "keys in each other's slots",
    files: withTasks({ SUPABASE_PUBLISHABLE_KEY: secret, SUPABASE_SECRET_KEY: publishable }),
    expect: [
      `DOCTOR_KEY_PUBLISHABLE_AS_SECRET ${of("tasks", "SUPABASE_SECRET_KEY")}`,
      `DOCTOR_KEY_SECRET_AS_PUBLISHABLE ${of("tasks", "SUPABASE_PUBLISHABLE_KEY")}`,
    ],
  },
  {
    name: "addresses of this machine",
    files: {
      ...withTasks({ SUPABASE_URL: "http://127.0.0.1:54321" }),
      ...withApp({ TRIGGER_API_URL: "http://localhost:3030" }),
    },
    expect: [
      `DEPLOY_LOCAL_VALUE ${of("app", "TRIGGER_API_URL")}`,
      `DEPLOY_LOCAL_VALUE ${of("tasks", "SUPABASE_URL")}`,
    ],
  },
  {
    name: "keys of a local stack",
    files: {
      ".behalf/secrets.json": JSON.stringify({ secretKey: secret, signingKey: JSON.parse(signing.private) }),
      ...withTasks({ SUPABASE_ANON_KEY: legacyKey("anon") }),
    },
    expect: [
      `DEPLOY_LOCAL_KEY ${of("tasks", "SUPABASE_ANON_KEY")}`,
      `DEPLOY_LOCAL_KEY ${of("tasks", "SUPABASE_SECRET_KEY")}`,
      `DEPLOY_LOCAL_KEY ${of("tasks", "SUPABASE_SIGNING_KEY")}`,
    ],
  },
  {
    name: "a key of development",
    files: withFunctions({ TRIGGER_SECRET_KEY: "tr_dev_0123456789abcdefghij" }),
    expect: [`DEPLOY_TRIGGER_KEY ${of("functions", "TRIGGER_SECRET_KEY")}`],
  },
  {
    name: "a name that Supabase keeps for itself",
    files: withFunctions({ SUPABASE_JWT_SECRET: "0123456789abcdef0123456789abcdef" }),
    expect: [`DEPLOY_FUNCTION_SECRET_NAME ${of("functions", "SUPABASE_JWT_SECRET")}`],
  },
  {
    name: "no grant key on either side",
    files: {
      ...withTasks({ BEHALF_GRANT_KEY: undefined }),
      ...withApp({ BEHALF_GRANT_KEY: undefined }),
    },
    expect: [
      "DEPLOY_GRANT_KEY_MISSING BEHALF_GRANT_KEY for app",
      "DEPLOY_GRANT_KEY_MISSING BEHALF_GRANT_KEY for tasks",
    ],
  },
  {
    name: "the halves of the grant key the wrong way round",
    files: {
      ...withTasks({ BEHALF_GRANT_KEY: grants.private }),
      ...withApp({ BEHALF_GRANT_KEY: grants.public }),
    },
    expect: [
      `DEPLOY_GRANT_KEY_PRIVATE ${of("tasks", "BEHALF_GRANT_KEY")}`,
      `DEPLOY_GRANT_KEY_PUBLIC ${of("app", "BEHALF_GRANT_KEY")}`,
    ],
  },
  {
    name: "halves of two grant keys",
    files: withApp({ BEHALF_GRANT_KEY: otherGrants.private }),
    expect: [`DEPLOY_GRANT_KEY_MISMATCH ${of("app", "BEHALF_GRANT_KEY")}`],
  },
  {
    name: "tasks that take anybody's word",
    files: { "trigger/write-note.ts": writeNote("", `, user: (payload) => payload.title`) },
    expect: ["DEPLOY_GRANT_NOT_REQUIRED tasks"],
  },
  {
    name: "a config for this machine only",
    files: { "trigger.config.ts": config(`project: "proj_local", dirs: ["./trigger"]`) },
    expect: ["DEPLOY_MAX_DURATION trigger.config.ts", "DEPLOY_PROJECT_REF trigger.config.ts"],
  },
  {
    name: "no config",
    files: { "trigger.config.ts": undefined },
    expect: ["DEPLOY_NO_TRIGGER_CONFIG trigger/write-note.ts"],
  },
  {
    name: "versions that differ",
    files: { "package.json": packages({ "@trigger.dev/sdk": "4.8.3", "@trigger.dev/build": "4.8.1" }) },
    expect: ["DEPLOY_PACKAGE_VERSIONS package.json"],
  },
  {
    name: "a version that may move",
    files: { "package.json": packages({ "@trigger.dev/sdk": "^4.8.3" }) },
    expect: ["DEPLOY_PACKAGE_RANGE package.json, @trigger.dev/sdk"],
  },
  {
    name: "secrets in the repository",
    files: {
      ".gitignore": ".behalf/\n.env.tasks\n.env.functions\n.env.app\n",
      ".env.staging": env({ SUPABASE_JWT_SECRET: "0123456789abcdef0123456789abcdef" }),
      "app/keys.ts": `export const key = "${secret}";\n`,
    },
    expect: ["DEPLOY_SECRET_COMMITTED .env.staging:1", "DEPLOY_SECRET_COMMITTED app/keys.ts:1"],
  },
  {
    name: "a secret in a task's text",
    files: {
      "trigger/more.ts": `import { task } from "@trigger.dev/sdk";
export const more = task({ id: "more", run: async () => fetch("https://a.invalid", { headers: { apikey: "${secret}" } }) });
`,
    },
    expect: ["DEPLOY_SECRET_IN_CODE trigger/more.ts:2"],
  },
  {
    name: "secrets that a build publishes",
    files: { ".env.local": env({ NEXT_PUBLIC_KEY: secret }), "dist/app.js": `const key = "${secret}";` },
    expect: [
      "DOCTOR_CODE_SECRET_IN_BUNDLE dist/app.js:1",
      "DEPLOY_SECRET_COMMITTED dist/app.js:1",
      "DOCTOR_CONFIG_PUBLIC_SECRET NEXT_PUBLIC_KEY (.env.local)",
    ],
  },
  {
    name: "a webhook to this machine",
    files: {
      "supabase/migrations/20260102000000_webhook.sql": `-- not 'http://localhost/'
create trigger tell after insert on public.notes for each row
  execute function supabase_functions.http_request('http://host.docker.internal:54321/functions/v1/start', 'POST', '{}', '{}', '1000');`,
    },
    expect: ["DEPLOY_WEBHOOK_LOCAL supabase/migrations/20260102000000_webhook.sql:3"],
  },
];
