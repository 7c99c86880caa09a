import { generateKeyPairSync, randomUUID } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { doctorFaults, type Stack, startStack } from "@behalf/cli";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { cleanSchema, expectedInSchema, faultySchema } from "./doctor-corpus.ts";
import { cleanProject, expectedInProject, faultyProject } from "./doctor-projects.ts";
import { behalfCommand } from "./support/behalf.ts";
import { createProject, type TestProject } from "./support/projects.ts";
import { workspace } from "./support/workspace.ts";

interface Finding {
  code: string;
  level: string;
  where: string;
  why: string;
  cure: string;
}
interface Report {
  code: number | null;
  findings: Finding[];
  facts: string[];
  skipped: string[];
  fix?: { file?: string; policies: number };
  text: string;
}

let clean: TestProject;
let faulty: TestProject;
let stack: Stack;
let environment: Record<string, string>;
let admin: pg.Client;

beforeAll(async () => {
  clean = await createProject({
    ...cleanProject,
    "supabase/migrations/20260101000000_clean.sql": cleanSchema,
  });
  faulty = await createProject(faultyProject);
  stack = await startStack({ directory: join(clean.folder, ".behalf"), project: clean.folder });
  environment = {
    SUPABASE_URL: stack.url,
    SUPABASE_PUBLISHABLE_KEY: stack.keys.publishableKey,
    SUPABASE_SECRET_KEY: stack.keys.secretKey,
    SUPABASE_ANON_KEY: stack.keys.anonKey,
    SUPABASE_SERVICE_ROLE_KEY: stack.keys.serviceRoleKey,
    SUPABASE_JWT_SECRET: stack.keys.jwtSecret,
    SUPABASE_SIGNING_KEY: JSON.stringify(stack.keys.signingKeys[0]),
    SUPABASE_DB_URL: stack.databaseUrl,
  };
  admin = new pg.Client(stack.adminDatabaseUrl);
  await admin.connect();
});
afterAll(async () => {
  await admin?.end();
  await stack?.stop();
  await Promise.all([clean, faulty].map((project) => project?.remove()));
});

async function doctor(
  project: TestProject,
  env: Record<string, string | undefined>,
  ...args: string[]
): Promise<Report> {
  const { code, stdout } = await behalfCommand(["doctor", "--json", ...args], {
    cwd: project.folder,
    env,
  });
  return { code, ...(JSON.parse(stdout) as Omit<Report, "code" | "text">), text: stdout };
}

const keysOf = ({ findings }: Report) => findings.map(({ code, where }) => `${code} ${where}`).sort();

describe("the corpus", () => {
  let onClean: Report;
  let onFaulty: Report;
  beforeAll(async () => {
    onClean = await doctor(clean, environment);
    // Roles are the cluster's, so the faulty ones come after the clean project was looked at.
    const client = new pg.Client(stack.adminDatabaseUrl);
    await client.connect();
    await client.query(faultySchema);
    await client.end();
    onFaulty = await doctor(faulty, { SUPABASE_DB_URL: stack.databaseUrl });
  });

  test("every seeded fault is found, and nothing is said of what is clean", () => {
    const expected = [...expectedInSchema, ...expectedInProject];
    const found = keysOf(onFaulty);
    const right = found.filter((key) => expected.includes(key)).length;
    const false_ = found.length - right + onClean.findings.length;
    const missed = expected.filter((key) => !found.includes(key)).length;
    console.log(
      `doctor corpus: ${expected.length} faults, precision ${(right / (right + false_)).toFixed(3)}, recall ${(right / (right + missed)).toFixed(3)}`,
    );
    expect(keysOf(onClean)).toEqual([]);
    expect(found).toEqual(expected.sort());
  });

  test("the exit code is 1 where there are errors and 0 where there are none", () => {
    expect(onFaulty.code).toBe(1);
    expect(onClean.code).toBe(0);
  });

  test("what is well is said: the token reaches authenticated", () => {
    expect(onClean.facts).toContain("A minted token reaches the role authenticated.");
    expect(onClean.skipped).toEqual([]);
    expect(onFaulty.skipped).toEqual(["Project: the environment has to be put right first."]);
  });

  test("each finding says why and how to cure it, and none quotes a secret", () => {
    for (const finding of onFaulty.findings) {
      expect(finding.why.length).toBeGreaterThan(20);
      expect(finding.cure.length).toBeGreaterThan(5);
    }
    const secrets = Object.entries({ ...environment }).filter(([name]) => name !== "SUPABASE_URL");
    for (const [, secret] of secrets) expect(onFaulty.text + onClean.text).not.toContain(secret);
    expect(onFaulty.text).not.toMatch(/sb_secret_\w{5}|eyJ|too-short/);
  });
});

describe("--fix", () => {
  test("writes one migration that changes no meaning, once, and leaves the database alone", async () => {
    const before = await policies();
    const report = await doctor(faulty, { SUPABASE_DB_URL: stack.databaseUrl }, "--fix");
    const again = await doctor(faulty, { SUPABASE_DB_URL: stack.databaseUrl }, "--fix");
    expect(await policies()).toEqual(before);
    expect(report.fix).toEqual({ file: expect.stringMatching(/_behalf_doctor\.sql$/), policies: 6 });
    expect(again.fix).toEqual(report.fix);
    expect(await readdir(join(faulty.folder, "supabase/migrations"))).toHaveLength(1);

    await admin.query(await readFile(join(faulty.folder, report.fix?.file ?? ""), "utf8"));
    const after = await doctor(faulty, { SUPABASE_DB_URL: stack.databaseUrl }, "--fix");
    expect(after.findings.filter(({ code }) => code === "DOCTOR_POLICY_NOT_WRAPPED")).toEqual([]);
    expect(after.fix?.file).toBeUndefined();
  });

  async function policies() {
    const { rows } = await admin.query(
      "select polname, pg_get_expr(polqual, polrelid), pg_get_expr(polwithcheck, polrelid) from pg_policy order by oid",
    );
    return rows;
  }
});

describe("the project", () => {
  const signingKey = JSON.stringify({
    ...generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey.export({ format: "jwk" }),
    kid: "of-nobody",
    alg: "ES256",
  });
  const legacyOnly = {
    SUPABASE_SIGNING_KEY: undefined,
    SUPABASE_ANON_KEY: undefined,
    SUPABASE_SERVICE_ROLE_KEY: undefined,
  };
  const ahead = "--import data:text/javascript,const{now}=Date;Date.now=()=>now()+120000";

  test.each<[string, Record<string, string | undefined>, string[]]>([
    [
      "a signing key that the project doesn't know",
      { SUPABASE_SIGNING_KEY: signingKey },
      ["DOCTOR_SIGNING_KEY_UNKNOWN ES256 key of-nobody"],
    ],
    [
      "another project's JWT secret",
      { ...legacyOnly, SUPABASE_JWT_SECRET: randomUUID() },
      ["DOCTOR_SIGNING_LEGACY SUPABASE_JWT_SECRET", "DOCTOR_TOKEN_REFUSED url"],
    ],
    [
      "a revoked API key",
      { SUPABASE_SECRET_KEY: "sb_secret_revoked0000000000000_00000000" },
      ["DOCTOR_API_KEY_REFUSED SUPABASE_SECRET_KEY"],
    ],
    ["a clock that is two minutes ahead", { NODE_OPTIONS: ahead }, ["DOCTOR_CLOCK_SKEW this machine"]],
  ])("%s", async (_, change, expected) => {
    const report = await doctor(clean, { ...environment, SUPABASE_DB_URL: undefined, ...change });
    expect(keysOf(report)).toEqual(expected.map((key) => key.replace("url", stack.url)));
    expect(report.skipped).toEqual([expect.stringMatching(/^Schema: /)]);
  });

  test("a project that isn't there", async () => {
    const report = await doctor(clean, {
      SUPABASE_URL: "http://127.0.0.1:9",
      SUPABASE_PUBLISHABLE_KEY: stack.keys.publishableKey,
      SUPABASE_JWT_SECRET: stack.keys.jwtSecret,
      SUPABASE_DB_URL: "postgres://postgres:hidden-password@127.0.0.1:9/postgres",
    });
    expect(keysOf(report)).toEqual(["DOCTOR_PROJECT_UNREACHABLE http://127.0.0.1:9"]);
    expect(report.skipped).toEqual([expect.stringMatching(/ECONNREFUSED/)]);
    expect(report.text).not.toContain("hidden-password");
  });

  test("a role that tokens don't reach", async () => {
    await admin.query("revoke authenticated from authenticator");
    try {
      const report = await doctor(clean, { ...environment, SUPABASE_DB_URL: undefined });
      expect(keysOf(report)).toEqual(["DOCTOR_ROLE_UNREACHED authenticated"]);
    } finally {
      await admin.query("grant authenticated to authenticator");
    }
  });
});

test("with nothing configured and nothing running there is nothing wrong", async () => {
  const project = await createProject({ "trigger.config.ts": "export default {};" });
  try {
    const { code, stdout } = await behalfCommand(["doctor"], { cwd: project.folder });
    expect(code).toBe(0);
    expect(stdout).toMatch(/^--.*no SUPABASE_ variable is set[\s\S]*0 errors, 0 warnings, 0 notes/m);
  } finally {
    await project.remove();
  }
});

test("docs/doctor.md lists every fault with its level", async () => {
  const page = await readFile(join(workspace, "docs/doctor.md"), "utf8");
  for (const [code, { level }] of Object.entries(doctorFaults))
    expect(page).toContain(`| \`${code}\` | ${level} |`);
});
