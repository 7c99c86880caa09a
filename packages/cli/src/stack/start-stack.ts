import { mkdirSync, realpathSync } from "node:fs";
import { join, resolve } from "node:path";
import { createAuth } from "./auth/app.js";
import { readConfig } from "./config/read-config.js";
import { functionEnvironment, serveFunctions } from "./functions/index.js";
import { createGateway } from "./gateway/app.js";
import { openGateway } from "./gateway/listen.js";
import { createRestProxy } from "./gateway/rest.js";
import { reportRunRequests } from "./gateway/run-requests.js";
import { verifyingJwks } from "./keys/jwks.js";
import { loadSecrets } from "./keys/secrets.js";
import { createTokenVerifier } from "./keys/verify-token.js";
import { applyMigrations } from "./migrations/apply.js";
import { findPostgrest } from "./postgrest/binary.js";
import { type PostgrestServer, startPostgrest } from "./postgrest/server.js";
import { startGuard } from "./processes/guard.js";
import { startDatabase } from "./start-database.js";
import { Lifetime } from "./state/lifetime.js";
import { takeLock } from "./state/lock.js";
import { createStorage } from "./storage/app.js";
import { saveConfiguredBuckets } from "./storage/configured-buckets.js";
import { s3Credentials } from "./storage/s3/credentials.js";
import type { MigrationReport, Stack, StackKeys, StackOptions, StackStep } from "./types.js";
import { deliverWebhooks } from "./webhooks/deliver.js";

/**
 * Starts real Postgres and real PostgREST behind a gateway that answers as a Supabase project does, on 127.0.0.1. The first start
 * of a directory creates the database; later ones find their data again. Migrations and seed of `project` are applied.
 *
 * @throws {StackError} `ERR_STACK_RUNNING` when another process runs this directory, `ERR_STACK_PORT_BUSY` when `port` is taken,
 * and the others of {@link StackErrorCode}. Whatever was started is stopped again before it throws.
 *
 * @example
 * ```ts
 * const stack = await startStack({ directory: ".behalf", project: "." });
 * const supabase = createClient(stack.url, stack.keys.publishableKey);
 * await stack.stop();
 * ```
 */
export async function startStack(options: StackOptions): Promise<Stack> {
  const lifetime = new Lifetime();
  try {
    return await start(options, lifetime);
  } catch (error) {
    await lifetime.end();
    throw error;
  }
}

async function start(options: StackOptions, lifetime: Lifetime): Promise<Stack> {
  const report = (name: StackStep["name"], message: string) => options.onProgress?.({ name, message });
  const warn = (message: string) => report("warning", message);
  const config = readConfig(options.project);
  const postgrestBinary = findPostgrest();
  mkdirSync(options.directory, { recursive: true, mode: 0o700 });
  const directory = realpathSync(resolve(options.directory));

  const lock = await takeLock(directory);
  lifetime.add(lock.release);
  // The port before anything else: when it is busy nothing has to be stopped again.
  const gateway = await openGateway(options.port ?? config.api.port);
  lifetime.add(gateway.close);
  const url = `http://127.0.0.1:${gateway.port}`;
  const guard = startGuard(lifetime, warn);
  if (config.ignored.length > 0) warn(`Not honoured in supabase/config.toml: ${config.ignored.join(", ")}`);
  if (config.auth.confirmEmail) {
    warn(
      "auth.email.enable_confirmations is on, and nothing here sends mail: confirm an address with auth.admin.updateUserById(id, { email_confirm: true }).",
    );
  }

  const secrets = await loadSecrets(directory);
  const keys: StackKeys = {
    publishableKey: secrets.publishableKey,
    secretKey: secrets.secretKey,
    anonKey: secrets.anonKey,
    serviceRoleKey: secrets.serviceRoleKey,
    jwtSecret: secrets.jwtSecret,
    signingKeys: config.auth.signingKeys ?? [secrets.signingKey],
  };
  const database = await startDatabase(directory, secrets, config, guard);
  report("postgres", database.created ? "Postgres created and started" : "Postgres started");

  const migrate = async (): Promise<MigrationReport> => {
    const done = await applyMigrations(database.urlOf("postgres"), options.project, config, warn);
    if (done.applied.length > 0) report("migrations", `Migrations applied: ${done.applied.join(", ")}`);
    if (done.seeded.length > 0) report("seed", `Seed run: ${done.seeded.join(", ")}`);
    return done;
  };
  const launch = async () => {
    const server = await startPostgrest({
      binary: postgrestBinary,
      settingsFile: join(directory, "postgrest.conf"),
      databaseUrl: database.urlOf("authenticator"),
      jwks: JSON.stringify(verifyingJwks(keys.signingKeys, keys.jwtSecret)),
      api: config.api,
      secrets: [secrets.passwords.authenticator, keys.jwtSecret],
    });
    guard(server);
    return server;
  };
  const prepare = async () => {
    const changed = await database.bootstrap();
    return (await migrate()).applied.length > 0 || changed;
  };
  const postgrest = await startOnSchema(launch, prepare, database.created);
  report("postgrest", "PostgREST started");

  const rest = createRestProxy(postgrest.port);
  lifetime.add(rest.close);
  const databaseUrl = database.urlOf("supabase_auth_admin");
  const auth = createAuth({ databaseUrl, keys, config: config.auth, url, onFailure: warn });
  lifetime.add(auth.close);
  await saveConfiguredBuckets(
    database.urlOf("supabase_storage_admin"),
    config.storage.buckets,
    database.created,
  );
  const storage = createStorage({
    databaseUrl: database.urlOf("supabase_storage_admin"),
    keys,
    directory,
    sizeLimit: config.storage.fileSizeLimit,
    onFailure: warn,
  });
  lifetime.add(storage.close);
  const webhooks = deliverWebhooks({
    databaseUrl: database.urlOf("supabase_admin"),
    onFailure: (message) => warn(`Database Webhook: ${message}`),
  });
  lifetime.add(webhooks.stop);
  const verifyToken = createTokenVerifier(keys);
  const functions = serveFunctions(options.project, config.functions, {
    environment: functionEnvironment(url, keys, database.urlOf("postgres")),
    moreEnvironment: options.functionEnvironment,
    verifyToken,
    guard,
    report: (message) => report("function", message),
  });
  const observe = options.onRunRequest && reportRunRequests(options.onRunRequest, verifyToken);
  gateway.serve(createGateway(keys, { functions, rest, auth: auth.app, storage: storage.app, observe }));
  // First of all when stopping: nobody should talk to servers that are going away. Harmless the second time.
  lifetime.add(gateway.close);
  report("gateway", `Supabase answers at ${url}`);

  return {
    url,
    restUrl: `http://127.0.0.1:${postgrest.port}`,
    databaseUrl: database.urlOf("postgres"),
    adminDatabaseUrl: database.urlOf("supabase_admin"),
    keys,
    s3: { endpoint: `${url}/storage/v1/s3`, region: "local", ...s3Credentials(keys.jwtSecret) },
    applyMigrations: migrate,
    stop: () => lifetime.end(),
  };
}

/**
 * PostgREST reads the schema when it starts. On a new database that is after everything is in it. On an old one there is rarely
 * anything to do, so both happen at once; where there was, a PostgREST that may have read too early is replaced.
 */
async function startOnSchema(
  launch: () => Promise<PostgrestServer>,
  prepare: () => Promise<boolean>,
  created: boolean,
): Promise<PostgrestServer> {
  if (created) {
    await prepare();
    return launch();
  }
  // Both are waited for even when one fails: what has started can then be stopped.
  const [started, prepared] = await Promise.allSettled([launch(), prepare()]);
  if (prepared.status === "rejected") throw prepared.reason;
  if (!prepared.value) {
    if (started.status === "rejected") throw started.reason;
    return started.value;
  }
  if (started.status === "fulfilled") await started.value.stop();
  return launch();
}
