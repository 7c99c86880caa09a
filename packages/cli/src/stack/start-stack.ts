import { mkdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { createAuth } from "./auth/app.js";
import { readConfig } from "./config/read-config.js";
import { createGateway } from "./gateway/app.js";
import { openGateway } from "./gateway/listen.js";
import { createRestProxy } from "./gateway/rest.js";
import { verifyingJwks } from "./keys/jwks.js";
import { loadSecrets } from "./keys/secrets.js";
import { applyMigrations } from "./migrations/apply.js";
import { findServerAccount } from "./postgres/account.js";
import { findPostgres } from "./postgres/binaries.js";
import { bootstrapDatabase } from "./postgres/bootstrap.js";
import { prepareCluster } from "./postgres/cluster.js";
import { endOrphan } from "./postgres/orphan.js";
import { startPostgres } from "./postgres/server.js";
import { findPostgrest } from "./postgrest/binary.js";
import { startPostgrest } from "./postgrest/server.js";
import type { ManagedProcess } from "./processes/managed-process.js";
import { startReaper } from "./processes/reaper.js";
import { readJsonFile, writeJsonFile } from "./state/json-file.js";
import { takeLock } from "./state/lock.js";
import type { MigrationReport, Stack, StackKeys, StackOptions, StackStep } from "./types.js";

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
  const directory = resolve(options.directory);
  const report = (name: StackStep["name"], message: string) => options.onProgress?.({ name, message });
  const undo: (() => void | Promise<void>)[] = [];
  let stopping: Promise<void> | undefined;
  const stop = () => {
    stopping ??= (async () => {
      for (const step of undo.reverse()) await step();
    })();
    return stopping;
  };
  try {
    return await start();
  } catch (error) {
    await stop();
    throw error;
  }

  async function start(): Promise<Stack> {
    const config = readConfig(options.project);
    const postgrestBinary = findPostgrest();
    const account = findServerAccount();
    const binaries = findPostgres(account);
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    const lock = await takeLock(directory);
    undo.push(lock.release);
    const gateway = await openGateway(options.port ?? 0);
    undo.push(gateway.close);
    const reaper = startReaper();
    undo.push(reaper.dismiss);
    const watch = ({ pid, ended }: ManagedProcess) => {
      if (pid === undefined) return;
      reaper.watch(pid);
      void ended.then(() => reaper.forget(pid));
    };

    const secrets = await loadSecrets(directory);
    const signingKeys = config.auth.signingKeys ?? [secrets.signingKey];
    const { publishableKey, secretKey, anonKey, serviceRoleKey, jwtSecret, passwords } = secrets;
    const keys: StackKeys = { publishableKey, secretKey, anonKey, serviceRoleKey, jwtSecret, signingKeys };
    const hidden = [jwtSecret, ...Object.values(passwords)];

    const cluster = await prepareCluster(directory, account, binaries, passwords.supabase_admin);
    await endOrphan(cluster);
    const stateFile = join(directory, "ports.json");
    const postgres = await startPostgres(
      cluster,
      readJsonFile<{ postgres: number }>(stateFile)?.postgres,
      hidden,
    );
    undo.push(postgres.stop);
    watch(postgres.process);
    writeJsonFile(stateFile, { postgres: postgres.port });
    const urlOf = (role: keyof typeof passwords) =>
      `postgresql://${role}:${passwords[role]}@127.0.0.1:${postgres.port}/postgres`;
    const { supabase_admin: _, ...rolePasswords } = passwords;
    await bootstrapDatabase(urlOf("supabase_admin"), rolePasswords);
    report("postgres", cluster.created ? "Postgres created and started" : "Postgres started");

    const migrateNow = async (): Promise<MigrationReport> => {
      const done = await applyMigrations(urlOf("postgres"), options.project, config, (message) =>
        report("warning", message),
      );
      if (done.applied.length > 0) report("migrations", `Migrations applied: ${done.applied.join(", ")}`);
      if (done.seeded.length > 0) report("seed", `Seed run: ${done.seeded.join(", ")}`);
      return done;
    };
    if (config.ignored.length > 0)
      report("warning", `Not honoured in supabase/config.toml: ${config.ignored.join(", ")}`);
    await migrateNow();

    const postgrest = await startPostgrest({
      binary: postgrestBinary,
      databaseUrl: urlOf("authenticator"),
      jwks: JSON.stringify(verifyingJwks(signingKeys, jwtSecret)),
      api: config.api,
      secrets: hidden,
    });
    undo.push(postgrest.stop);
    watch(postgrest.process);
    report("postgrest", "PostgREST started");

    const rest = createRestProxy(postgrest.port);
    undo.push(rest.close);
    const url = `http://127.0.0.1:${gateway.port}`;
    const auth = createAuth({
      databaseUrl: urlOf("supabase_auth_admin"),
      keys,
      config: config.auth,
      url,
      onFailure: (message) => report("warning", message),
    });
    undo.push(auth.close);
    gateway.serve(createGateway(keys, { rest, auth: auth.app }));
    // First of all when stopping: nobody should talk to servers that are going away. Harmless the second time.
    undo.push(gateway.close);
    report("gateway", `Supabase answers at ${url}`);
    return {
      url,
      restUrl: `http://127.0.0.1:${postgrest.port}`,
      databaseUrl: urlOf("postgres"),
      adminDatabaseUrl: urlOf("supabase_admin"),
      keys,
      applyMigrations: migrateNow,
      stop,
    };
  }
}
