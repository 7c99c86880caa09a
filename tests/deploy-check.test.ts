import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import {
  type DoctorReport,
  deployFaults as deployFaultTable,
  runDeployCheck,
  type Stack,
  startStack,
} from "@behalf/cli";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  acting,
  deployFaults,
  env,
  goodProject,
  granting,
  hostedUrl,
  legacyKey,
  secrets,
  tasksFile,
} from "./deploy-corpus.ts";
import { behalfCommand } from "./support/behalf.ts";
import { createProject, type TestProject } from "./support/projects.ts";
import { workspace } from "./support/workspace.ts";

const sides = ["app", "tasks", "functions"] as const;
const envFiles = sides.map((side) => ({ side, file: `.env.${side}` }));

const check = (folder: string, environment: Record<string, string> = {}): Promise<DoctorReport> =>
  runDeployCheck({ folder, envFiles, environment, offline: true });

const keysOf = ({ findings }: Pick<DoctorReport, "findings">) =>
  findings.map(({ code, where }) => `${code} ${where}`).sort();

/** A project in a repository of its own. */
async function createRepository(more: Record<string, string | undefined> = {}): Promise<TestProject> {
  const all = Object.entries({ ...goodProject, ...more });
  const project = await createProject(
    Object.fromEntries(all.filter((entry): entry is [string, string] => entry[1] !== undefined)),
  );
  await promisify(execFile)("git", ["init", "--quiet"], { cwd: project.folder });
  return project;
}

describe("by the files alone", () => {
  test("a good project passes", async () => {
    const project = await createRepository();
    try {
      const report = await check(project.folder);
      expect(keysOf(report)).toEqual([]);
      expect(report.facts).toEqual([
        "For the app: 1 file of code.",
        "For Trigger.dev: 1 file of code.",
        "For Edge Functions: 1 file of code.",
      ]);
      expect(report.skipped).toEqual([
        expect.stringMatching(/^Database: set SUPABASE_DB_URL/),
        "Project: not asked (--offline).",
      ]);
    } finally {
      await project.remove();
    }
  });

  test("what git keeps and is no file is passed over: a link to a folder, a repository within", async () => {
    const project = await createRepository();
    try {
      await symlink("supabase", join(project.folder, "link"));
      await mkdir(join(project.folder, "within"));
      const git = (...args: string[]) => promisify(execFile)("git", args, { cwd: project.folder });
      await git("-C", "within", "init", "--quiet");
      await git("add", "link");
      expect(keysOf(await check(project.folder))).toEqual([]);
    } finally {
      await project.remove();
    }
  });

  test.each(deployFaults)("$name", async ({ files, expect: expected }) => {
    const project = await createRepository(files);
    try {
      const report = await check(project.folder);
      expect(keysOf(report)).toEqual([...expected].sort());
      for (const { why, cure } of report.findings) {
        expect(why.length).toBeGreaterThan(20);
        expect(cure.length).toBeGreaterThan(5);
      }
      const text = JSON.stringify(report);
      for (const secret of secrets) expect(text).not.toContain(secret);
      expect(text).not.toMatch(/sb_secret_deploy|eyJ|"d\\?":/);
    } finally {
      await project.remove();
    }
  });
});

describe("the examples, with the variables that their walkthroughs name", () => {
  const common = [
    "DEPLOY_PACKAGE_RANGE package.json, @trigger.dev/sdk",
    "DEPLOY_PROJECT_REF trigger.config.ts",
  ];
  const anyone = "DEPLOY_GRANT_NOT_REQUIRED tasks";
  /** What only trigger/guide needs, which is there to compare with and not to be deployed. */
  const lacking = (...names: string[]) => names.map((name) => `DEPLOY_VARIABLE_MISSING ${name} for tasks`);

  test.each<[example: string, files: Record<string, Record<string, string>>, expected: string[]]>([
    ["edge-function", { functions: granting, tasks: acting }, common],
    [
      "database-webhook",
      {
        functions: { TRIGGER_SECRET_KEY: granting.TRIGGER_SECRET_KEY, WEBHOOK_SECRET: "word" },
        tasks: { ...acting, DEEPGRAM_SECRET_KEY: "key" },
      },
      [...common, anyone, ...lacking("SUPABASE_PROJECT_URL", "SUPABASE_SERVICE_ROLE_KEY")],
    ],
    [
      "storage-upload",
      {
        tasks: {
          ...acting,
          SUPABASE_ANON_KEY: legacyKey("anon", "hosted"),
          S3_ENDPOINT: `${hostedUrl}/storage/v1/s3`,
          S3_REGION: "eu-central-1",
        },
      },
      [
        ...common,
        anyone,
        ...lacking("S3_ACCESS_KEY_ID", "S3_SECRET_ACCESS_KEY", "SUPABASE_SERVICE_ROLE_KEY"),
      ],
    ],
    [
      "web-app",
      { app: { ...granting, SUPABASE_URL: hostedUrl }, tasks: acting },
      [...common, "DEPLOY_PACKAGE_RANGE package.json, @trigger.dev/react-hooks"],
    ],
  ])("%s lacks a project ref of its own, and nothing that stops it", async (example, files, expected) => {
    const folder = await mkdtemp(join(tmpdir(), "behalf-deploy-"));
    try {
      const named = Object.entries(files).map(([side, variables]) => ({
        side: side as (typeof sides)[number],
        file: join(folder, side),
        variables,
      }));
      for (const { file, variables } of named) await writeFile(file, env(variables));
      const report = await runDeployCheck({
        folder: join(workspace, "examples", example),
        envFiles: named,
        environment: {},
        offline: true,
      });
      expect(keysOf(report)).toEqual([...expected].sort());
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });
});

describe("with the database and the project", () => {
  let project: TestProject;
  let stack: Stack;
  let env: Record<string, string>;

  beforeAll(async () => {
    project = await createRepository();
    stack = await startStack({ directory: join(project.folder, ".stack"), project: project.folder });
    const { keys } = stack;
    await project.write({
      ".gitignore": `${goodProject[".gitignore"]}.stack/\n`,
      ".env.tasks": tasksFile({
        SUPABASE_PUBLISHABLE_KEY: keys.publishableKey,
        SUPABASE_SECRET_KEY: keys.secretKey,
        SUPABASE_SIGNING_KEY: JSON.stringify(keys.signingKeys[0]),
      }),
    });
    // The project answers here under the name of a hosted one.
    const reroute = `const{fetch}=globalThis;globalThis.fetch=(u,o)=>fetch(String(u).replace(${JSON.stringify(hostedUrl)},${JSON.stringify(stack.url)}),o)`;
    env = {
      SUPABASE_DB_URL: stack.databaseUrl,
      NODE_OPTIONS: `--import data:text/javascript,${encodeURIComponent(reroute)}`,
    };
  });
  afterAll(async () => {
    await stack?.stop();
    await project?.remove();
  });

  test("a good project passes, and what was looked at is said", async () => {
    const args = envFiles.flatMap(({ side, file }) => [`--${side}-env`, file]);
    const ended = await behalfCommand(["deploy", "--check", "--json", ...args], { cwd: project.folder, env });
    const report = JSON.parse(ended.stdout) as DoctorReport;
    expect(keysOf(report)).toEqual([]);
    expect(ended.code).toBe(0);
    expect(report.skipped).toEqual([]);
    expect(report.facts).toEqual(
      expect.arrayContaining([
        "All 1 migrations are applied.",
        "A minted token reaches the role authenticated.",
      ]),
    );
    expect(ended.stdout).not.toContain(stack.keys.secretKey);
  });

  test("migrations that are missing here or there, schema behalf by half, RLS off, a webhook to this machine", async () => {
    const later = "supabase/migrations/20260103000000_later.sql";
    await project.write({ [later]: "select behalf.task();" });
    const client = new pg.Client(stack.databaseUrl);
    await client.connect();
    await client.query(`
      insert into supabase_migrations.schema_migrations (version, name) values ('20250101000000', 'elsewhere');
      create table public.open (id int);
      grant select on public.open to anon;
      create trigger tell after insert on public.notes for each row
        execute function supabase_functions.http_request('http://kong:8000/functions/v1/start?token=hidden', 'POST', '{}', '{}', '1000');
      create schema private;
      create function private.send() returns bigint language plpgsql as $$ begin
        return net.http_post(url := 'http://localhost:54321/functions/v1/start'); end $$;
      create function private.hosted() returns bigint language plpgsql as $$ begin
        return net.http_post(url := '${hostedUrl}/functions/v1/start'); end $$;`);
    await client.end();
    const report = await check(project.folder, { SUPABASE_DB_URL: stack.databaseUrl });
    await rm(join(project.folder, later));
    const found = keysOf(report);
    expect(found.filter((key) => !key.startsWith("DEPLOY_SQL_MISSING"))).toEqual([
      `DEPLOY_MIGRATION_PENDING ${later}`,
      "DEPLOY_MIGRATION_UNKNOWN version 20250101000000",
      "DEPLOY_WEBHOOK_LOCAL function private.send",
      'DEPLOY_WEBHOOK_LOCAL public.notes, trigger "tell"',
      "DOCTOR_RLS_OFF public.open",
    ]);
    expect(found).toContain("DEPLOY_SQL_MISSING schema behalf, 010_identity");
    expect(JSON.stringify(report)).not.toContain("hidden");
  });

  test("a database that can't be reached is no pass by silence", async () => {
    const url = "postgres://postgres:hidden-password@127.0.0.1:9/postgres";
    const report = await check(project.folder, { SUPABASE_DB_URL: url });
    expect(report.skipped).toContainEqual(expect.stringMatching(/SUPABASE_DB_URL can't be reached/));
    expect(JSON.stringify(report)).not.toContain("hidden-password");
  });
});

describe("usage", () => {
  test("without --check it says what deploying is, in which order, and runs nothing", async () => {
    const { code, stdout, stderr } = await behalfCommand(["deploy"]);
    expect([code, stdout]).toEqual([2, ""]);
    expect(stderr).toMatch(/db push[\s\S]*functions deploy[\s\S]*trigger\.dev@latest deploy/);
  });

  test("one file for all sides, by convention; a file that isn't there", async () => {
    const shared = {
      ...Object.fromEntries(sides.map((side) => [`.env.${side}`, undefined])),
    };
    const production = sides.map((side) => goodProject[`.env.${side}`]).join("");
    const project = await createRepository({ ...shared, ".env.production": production });
    try {
      const ended = await behalfCommand(["deploy", "--check", "--offline"], { cwd: project.folder });
      expect(ended.code).toBe(0);
      expect(ended.stdout).toContain("BEHALF_GRANT_KEY (.env.production) for tasks");
      expect(ended.stdout).toContain("DEPLOY_GRANT_KEY_PRIVATE");
      const missing = await behalfCommand(["deploy", "--check", "--app-env", ".env.nowhere"], {
        cwd: project.folder,
      });
      expect([missing.code, missing.stderr]).toEqual([2, expect.stringMatching(/ERR_USAGE_ENV_FILE/)]);
    } finally {
      await project.remove();
    }
  });
});

test("docs/deploying.md lists every code", async () => {
  const page = await readFile(join(workspace, "docs/deploying.md"), "utf8");
  const rows = Object.entries(deployFaultTable).map(([code, { level, why, cure }]) =>
    `| \`${code}\` | ${level} | ${why} | ${cure} |`.replaceAll("<", "&lt;"),
  );
  for (const row of rows) expect(page).toContain(row);
});

test("every code has a project in which it is found", () => {
  const inFiles = deployFaults.flatMap(({ expect: keys }) => keys.map((key) => key.split(" ")[0] ?? ""));
  const inDatabase = ["DEPLOY_MIGRATION_PENDING", "DEPLOY_MIGRATION_UNKNOWN", "DEPLOY_SQL_MISSING"];
  const tried = new Set([...inFiles, ...inDatabase]);
  expect(Object.keys(deployFaultTable).filter((code) => !tried.has(code))).toEqual([]);
});
