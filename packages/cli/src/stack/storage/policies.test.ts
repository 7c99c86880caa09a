import fc from "fast-check";
import { SignJWT } from "jose";
import { Client } from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ada, grace, startTestStack, type TestStack } from "../test-support.js";

let stack: TestStack;
let admin: Client;

beforeAll(async () => {
  stack = await startTestStack({
    "supabase/migrations/20260101000000_buckets.sql":
      "insert into storage.buckets (id, name) values ('one', 'one'), ('two', 'two');",
  });
  admin = new Client({ connectionString: stack.adminDatabaseUrl });
  await admin.connect();
});
afterAll(async () => {
  await admin.end();
  await stack.end();
});

const commands = ["select", "insert", "update", "delete"] as const;
type Command = (typeof commands)[number];

const condition = fc.letrec<{ any: string; leaf: string; both: string; not: string }>((tie) => ({
  leaf: fc.constantFrom(
    "true",
    "false",
    "bucket_id = 'one'",
    "(storage.foldername(name))[1] = (select auth.uid()::text)",
    "owner_id = (select auth.uid()::text)",
    "storage.extension(name) = 'txt'",
    "(select auth.jwt() ->> 'team') = 'a'",
  ),
  both: fc
    .tuple(tie("leaf"), fc.constantFrom("and", "or"), tie("leaf"))
    .map(([left, word, right]) => `(${left} ${word} ${right})`),
  not: tie("leaf").map((inner) => `not (${inner})`),
  any: fc.oneof({ weight: 3, arbitrary: tie("leaf") }, tie("both"), tie("not")),
})).any;

const policies = fc.record({ select: condition, insert: condition, update: condition, delete: condition });
const place = fc.record({
  bucket: fc.constantFrom("one", "two"),
  name: fc
    .tuple(fc.constantFrom(ada, grace, "shared"), fc.constantFrom("a.txt", "b.bin", "sub/c.txt"))
    .map((parts) => parts.join("/")),
});
const users = [
  { sub: ada, role: "authenticated", team: "a" },
  { sub: grace, role: "authenticated", team: "b" },
];
const step = fc.record({
  user: fc.constantFrom(...users),
  action: fc.constantFrom("download", "upload", "replace", "remove"),
  at: place,
});

async function replacePolicies(rules: Record<Command, string>): Promise<void> {
  const statements = commands.map((command) => {
    const check = command === "insert" ? `with check (${rules.insert})` : `using (${rules[command]})`;
    return `drop policy if exists "${command}" on storage.objects;
      create policy "${command}" on storage.objects for ${command} to authenticated ${check};`;
  });
  await admin.query(statements.join("\n"));
}

/** What Postgres itself says when this user sends the statement, without Storage in between. Nothing of it stays. */
async function allows(user: (typeof users)[number], statement: string, values: unknown[]): Promise<boolean> {
  await admin.query("begin");
  try {
    await admin.query(
      "select set_config('request.jwt.claims', $1, true), set_config('storage.allow_delete_query', 'true', true)",
      [JSON.stringify(user)],
    );
    await admin.query("set local role authenticated");
    const { rowCount } = await admin.query(statement, values);
    return rowCount !== 0;
  } catch {
    return false;
  } finally {
    await admin.query("rollback");
  }
}

test("under any policies, each of two users can do what Postgres lets them, and nothing else", async () => {
  const clients = new Map(
    await Promise.all(
      users.map(async (user) => {
        const token = await new SignJWT(user)
          .setProtectedHeader({ alg: "HS256" })
          .setExpirationTime("1h")
          .sign(new TextEncoder().encode(stack.keys.jwtSecret));
        return [user, stack.client(undefined, { token })] as const;
      }),
    ),
  );
  const service = stack.client(stack.keys.secretKey);
  await fc.assert(
    fc.asyncProperty(policies, fc.array(step, { minLength: 4, maxLength: 12 }), async (rules, steps) => {
      await replacePolicies(rules);
      for (const { user, action, at } of steps) {
        const files = clients.get(user)?.storage.from(at.bucket);
        const key = [at.bucket, at.name];
        const row = [...key, user.sub];
        const insertion =
          "insert into storage.objects (bucket_id, name, owner_id, version) values ($1, $2, $3, '1')";
        if (action === "download") {
          const visible = "select from storage.objects where bucket_id = $1 and name = $2";
          const expected = await allows(user, visible, key);
          expect((await files?.download(at.name))?.error === null).toBe(expected);
        } else if (action === "upload") {
          const expected = await allows(user, insertion, row);
          expect((await files?.upload(at.name, "x"))?.error === null).toBe(expected);
        } else if (action === "replace") {
          const upsert = `${insertion} on conflict (bucket_id, name) do update set version = '1', owner_id = excluded.owner_id returning *`;
          const expected = await allows(user, upsert, row);
          expect((await files?.upload(at.name, "y", { upsert: true }))?.error === null).toBe(expected);
        } else {
          const deletion = "delete from storage.objects where bucket_id = $1 and name = $2 returning *";
          const expected = await allows(user, deletion, key);
          expect((await files?.remove([at.name]))?.data?.length === 1).toBe(expected);
        }
      }
      await Promise.all(["one", "two"].map((bucket) => service.storage.emptyBucket(bucket)));
    }),
    { numRuns: 25 },
  );
});
