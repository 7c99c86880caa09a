import { createHmac } from "node:crypto";
import { join } from "node:path";
import { type Stack, startStack } from "@behalf/cli";
import { createClient, type SupabaseClient } from "@supabase/supabase-js";
import { createBehalf } from "behalf";
import { auditMigrations } from "behalf/migrations";
import pg from "pg";
import { createProject } from "./support/projects.ts";

export const ada = "11111111-1111-4111-8111-111111111111";
export const grace = "22222222-2222-4222-8222-222222222222";

/** A stack whose database has schema behalf and what `sql` adds to it. */
export interface AuditStack extends Stack {
  behalf: ReturnType<typeof createBehalf>;
  /** Role postgres: the owner of the trail. */
  owner: pg.Client;
  /** Connects once more as postgres. Ends with the stack. */
  connect(): Promise<pg.Client>;
  /** A client with a token of these claims; exp, sub, role and aud have defaults. */
  client(claims?: Record<string, unknown>, headers?: Record<string, string>): SupabaseClient;
  end(): Promise<void>;
}

export async function startAuditStack(sql: string, migrations = auditMigrations()): Promise<AuditStack> {
  const project = await createProject({
    "supabase/config.toml": '[api]\nschemas = ["public", "behalf"]\n',
    ...Object.fromEntries(
      migrations.map(({ name, sql }, at) => [`supabase/migrations/${20260101000000 + at}_${name}.sql`, sql]),
    ),
    "supabase/migrations/20270101000000_test.sql": sql,
    "supabase/seed.sql": `insert into auth.users (id, email) values ('${ada}', 'ada@example.com'), ('${grace}', 'grace@example.com');`,
  });
  const stack = await startStack({
    directory: join(project.folder, ".behalf"),
    project: project.folder,
  }).catch(async (error: unknown) => {
    await project.remove();
    throw error;
  });
  const connections: pg.Client[] = [];
  const connect = async () => {
    const connection = new pg.Client(stack.databaseUrl);
    connection.on("error", () => {});
    connections.push(connection);
    await connection.connect();
    return connection;
  };
  return {
    ...stack,
    behalf: createBehalf({
      environment: {},
      url: stack.url,
      publishableKey: stack.keys.publishableKey,
      secretKey: stack.keys.secretKey,
      jwtSecret: stack.keys.jwtSecret,
    }),
    owner: await connect(),
    connect,
    client: (claims = {}, headers = {}) => {
      const token = sign({ sub: ada, ...claims }, stack.keys.jwtSecret);
      return createClient(stack.url, stack.keys.publishableKey, {
        auth: { persistSession: false, autoRefreshToken: false, detectSessionInUrl: false },
        accessToken: async () => token,
        global: { headers },
        realtime: { transport: class {} as never },
      });
    },
    async end() {
      await Promise.all(connections.map((connection) => connection.end()));
      await stack.stop();
      await project.remove();
    },
  };
}

function sign(claims: Record<string, unknown>, secret: string): string {
  const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const now = Math.floor(Date.now() / 1000);
  const body = { role: "authenticated", aud: "authenticated", iat: now - 30, exp: now + 3600, ...claims };
  const input = `${encode({ alg: "HS256", typ: "JWT" })}.${encode(body)}`;
  return `${input}.${createHmac("sha256", secret).update(input).digest("base64url")}`;
}

/** Who a direct SQL transaction works as. */
export interface DirectIdentity {
  role?: string;
  claims?: Record<string, unknown>;
  headers?: Record<string, string>;
}

export const user = (sub: string, claims: Record<string, unknown> = {}): DirectIdentity => ({
  role: "authenticated",
  claims: { sub, role: "authenticated", ...claims },
});

/** Runs `work` in a transaction of that identity; the settings end with it. Rolls back when `work` throws, or when told to. */
export async function as<Result>(
  connection: pg.Client,
  { role, claims, headers }: DirectIdentity,
  work: (connection: pg.Client) => Promise<Result>,
  end: "commit" | "rollback" = "commit",
): Promise<Result> {
  await connection.query("begin");
  try {
    await connection.query(
      "select set_config('request.jwt.claims', $1, true), set_config('request.headers', $2, true)",
      [JSON.stringify(claims ?? {}), JSON.stringify(headers ?? {})],
    );
    if (role) await connection.query(`set local role ${pg.escapeIdentifier(role)}`);
    const result = await work(connection);
    await connection.query(end);
    return result;
  } catch (error) {
    await connection.query("rollback");
    throw error;
  }
}

/** The rows of one query. */
export async function rows<Row = Record<string, unknown>>(
  connection: pg.Client,
  text: string,
  values: unknown[] = [],
): Promise<Row[]> {
  return (await connection.query(text, values)).rows as Row[];
}
