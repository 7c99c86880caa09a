import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Stack, startStack } from "@behalf/cli";
import { auditMigrations } from "behalf/migrations";
import { Client } from "pg";
import { afterAll, beforeAll, test } from "vitest";
import { findSnippets } from "./support/snippets.ts";
import { workspace } from "./support/workspace.ts";

let stack: Stack;
let client: Client;
let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "behalf-snippets-"));
  stack = await startStack({ directory, project: join(workspace, "examples/database-operations") });
  client = new Client(stack.databaseUrl);
  await client.connect();
  for (const { sql } of await auditMigrations()) await client.query(sql);
});
afterAll(async () => {
  await client?.end();
  await stack?.stop();
  await rm(directory, { recursive: true, force: true });
});

// On the tables of examples/database-operations, as role postgres, each on its own.
test.each(findSnippets("sql"))("SQL at $file:$line runs", async ({ code }) => {
  await client.query("begin");
  try {
    await client.query(code);
  } finally {
    await client.query("rollback");
  }
});
