// From behalf.revoke() to the first refusal: how long a revoked task's requests still get through, against a request that revokes nothing.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startStack } from "@behalf/cli";
import { createBehalf } from "behalf";
import { auditMigrations } from "behalf/migrations";
import pg from "pg";
import { median, percentile, reportRatio } from "./report.mjs";

const directory = await mkdtemp(join(tmpdir(), "behalf-bench-"));
const stack = await startStack({ directory });
const client = new pg.Client(stack.databaseUrl);
try {
  await client.connect();
  for (const { sql } of auditMigrations()) await client.query(sql);
  await client.query(`
    create table public.notes (id bigint primary key, user_id uuid);
    alter table public.notes enable row level security;
    create policy "own notes" on public.notes for select to authenticated using ((select auth.uid()) = user_id);
    grant select on public.notes to authenticated;
    notify pgrst, 'reload schema'`);
  const { publishableKey, secretKey, jwtSecret } = stack.keys;
  const behalf = createBehalf({ environment: {}, url: stack.url, publishableKey, secretKey, jwtSecret });
  const asRun = (run) =>
    behalf.asUser("11111111-1111-4111-8111-111111111111", { actor: { sub: "bench", run, attempt: 1 } });

  const probe = await asRun("probe");
  // The check is in force once PostgREST has read its configuration again.
  await client.query("select behalf.revoke('run', 'probe')");
  while ((await probe.from("notes").select()).error?.code !== "PT403");

  const refusal = [];
  const request = [];
  let late = 0;
  for (let round = 0; round < 200; round++) {
    const task = await asRun(`run_${round}`);
    const before = performance.now();
    const { error } = await task.from("notes").select();
    request.push(performance.now() - before);
    if (error) throw new Error(error.message);
    const revoked = performance.now();
    await client.query("select behalf.revoke('run', $1)", [`run_${round}`]);
    while ((await task.from("notes").select()).error?.code !== "PT403") late += 1;
    refusal.push(performance.now() - revoked);
  }
  reportRatio(
    "revoke and be refused",
    { ours: median(refusal), theirs: median(request) },
    { against: "a request" },
  );
  console.log(
    `  p99 ${percentile(refusal, 0.99).toFixed(2)} ms; requests that got through after the revocation: ${late} of ${refusal.length}`,
  );
} finally {
  await client.end();
  await stack.stop();
  await rm(directory, { recursive: true, force: true });
}
