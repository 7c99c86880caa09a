import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Stack, startStack } from "@behalf/cli";
import { createBehalf } from "behalf";
import { afterAll, beforeAll, expect, test } from "vitest";
import { workspace } from "./support/workspace.ts";

const users = ["11111111-1111-4111-8111-111111111111", "22222222-2222-4222-8222-222222222222"];
const runs = 20;
const duration = 60_000;

let stack: Stack;
let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "behalf-soak-"));
  stack = await startStack({ directory, project: join(workspace, "examples/database-operations") });
});
afterAll(async () => {
  await stack?.stop();
  await rm(directory, { recursive: true, force: true });
});

test("two-second tokens carry twenty runs of two users through a minute of writes, and each row is its writer's", async () => {
  const { url, keys } = stack;
  const { publishableKey, secretKey, jwtSecret } = keys;
  const behalf = createBehalf({
    environment: {},
    url,
    publishableKey,
    secretKey,
    jwtSecret,
    users: "lookup",
  });
  const end = Date.now() + duration;

  const work = async (run: number) => {
    const userId = users[run % 2] as string;
    const actor = { sub: "soak", run: `run_${run}`, attempt: 1 };
    const supabase = await behalf.asUser(userId, { lifetime: "2s", actor });
    let written = 0;
    while (Date.now() < end) {
      const { error } = await supabase.from("notes").insert({ body: `run ${run} of ${userId}: ${written}` });
      expect(error).toBeNull();
      written++;
      const { data, error: failed } = await supabase.from("notes").select("user_id").limit(5);
      expect(failed).toBeNull();
      expect(data?.every((note) => note.user_id === userId)).toBe(true);
    }
    return written;
  };
  const written = await Promise.all(Array.from({ length: runs }, (_, run) => work(run)));

  const admin = behalf.asService({ reason: "to count what a test wrote" });
  for (const [run, count] of written.entries()) {
    const rows = admin.from("notes").select("*", { count: "exact", head: true });
    const { count: found } = await rows.like("body", `run ${run} of %`).eq("user_id", users[run % 2]);
    expect(found).toBe(count);
  }
});
