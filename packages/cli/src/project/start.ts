import { startConsole } from "../console/index.js";
import { type Runtime, type RuntimeEvent, startRuntime } from "../runtime/index.js";
import { type Stack, type StackStep, startStack } from "../stack/index.js";
import { type Endpoints, grantEnvironment, taskEnvironment } from "./environment.js";
import { type Project, prepareState } from "./folder.js";

/** A project with both halves running. */
export interface StartedProject {
  stack: Stack;
  runtime: Runtime;
  endpoints: Endpoints;
  /** Where the console answers, with the word it asks for; left out where there is none. */
  consoleUrl?: string;
  stop(): Promise<void>;
}

export interface StartProjectOptions {
  /** Port of the Supabase gateway; a free one by default, or the one that supabase/config.toml says. */
  port?: number | "configured";
  /** Port of the Trigger.dev API; 0 (the default) takes a free one. */
  triggerPort?: number;
  /** Port of the console; 0 takes a free one. Left out: there is none. */
  consolePort?: number;
  /** Most runs executing at the same time here (default 1,000). */
  concurrency?: number;
  onProgress?: (step: StackStep) => void;
  onEvent?: (event: RuntimeEvent) => void;
}

/** A project whose database answers while its tasks still load. */
export interface StartingProject {
  stack: Stack;
  /** Rejects when the tasks' runtime can't be started; the stack then has to be stopped by the caller. */
  runtime: Promise<Runtime>;
}

/**
 * Starts Supabase for a project, and Trigger.dev in its wake. Tasks and Edge Functions find each other by the variables that hosted ones have: functions
 * can trigger tasks, and both share the key of grants.
 */
export async function beginProject(
  project: Project,
  options: StartProjectOptions = {},
): Promise<StartingProject> {
  await prepareState(project);
  let runtime: Promise<Runtime> | undefined;
  const stack = await startStack({
    directory: project.state,
    project: project.folder,
    ...(options.port === "configured" ? {} : { port: options.port ?? 0 }),
    functionEnvironment: async () => ({
      ...grantEnvironment(project, stack.keys),
      ...(await triggerEnvironment(runtime)),
    }),
    onRunRequest: (request) =>
      runtime?.then(
        (started) => started.recordRequest(request),
        () => {},
      ),
    ...(options.onProgress ? { onProgress: options.onProgress } : {}),
  });
  runtime = startRuntime({
    project: project.folder,
    directory: project.state,
    adminDatabaseUrl: stack.adminDatabaseUrl,
    environment: taskEnvironment(project, stack),
    port: options.triggerPort ?? 0,
    ...(options.concurrency ? { concurrency: options.concurrency } : {}),
    ...(options.onEvent ? { onEvent: options.onEvent } : {}),
  });
  return { stack, runtime };
}

async function triggerEnvironment(runtime: Promise<Runtime> | undefined): Promise<Record<string, string>> {
  const started = await runtime;
  return started ? { TRIGGER_API_URL: started.apiUrl, TRIGGER_SECRET_KEY: started.secretKey } : {};
}

/** Starts Supabase, then Trigger.dev, for a project. When the second fails the first is stopped: nothing half-started stays. */
export async function startProject(
  project: Project,
  options: StartProjectOptions = {},
): Promise<StartedProject> {
  const { stack, runtime: starting } = await beginProject(project, options);
  let runtime: Runtime | undefined;
  const stop = async () => {
    await runtime?.stop();
    await stack.stop();
  };
  try {
    runtime = await starting;
    const { keys } = stack;
    const port = options.consolePort;
    const console = port === undefined ? undefined : await startConsole({ project, stack, runtime, port });
    return {
      stack,
      runtime,
      endpoints: {
        supabaseUrl: stack.url,
        databaseUrl: stack.databaseUrl,
        publishableKey: keys.publishableKey,
        secretKey: keys.secretKey,
        anonKey: keys.anonKey,
        serviceRoleKey: keys.serviceRoleKey,
        jwtSecret: keys.jwtSecret,
        triggerApiUrl: runtime.apiUrl,
        triggerSecretKey: runtime.secretKey,
        grantKey: grantEnvironment(project, keys).BEHALF_GRANT_KEY,
      },
      ...(console ? { consoleUrl: console.url } : {}),
      async stop() {
        await console?.close();
        await stop();
      },
    };
  } catch (error) {
    await stop();
    throw error;
  }
}
