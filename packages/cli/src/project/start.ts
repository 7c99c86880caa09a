import { type Runtime, type RuntimeEvent, startRuntime } from "../runtime/index.js";
import { type Stack, type StackStep, startStack } from "../stack/index.js";
import { type Endpoints, taskEnvironment } from "./environment.js";
import { type Project, prepareState } from "./folder.js";

/** A project with both halves running. */
export interface StartedProject {
  stack: Stack;
  runtime: Runtime;
  endpoints: Endpoints;
  stop(): Promise<void>;
}

export interface StartProjectOptions {
  /** Port of the Supabase gateway; 0 (the default) takes a free one. */
  port?: number;
  /** Port of the Trigger.dev API; 0 (the default) takes a free one. */
  triggerPort?: number;
  onProgress?: (step: StackStep) => void;
  onEvent?: (event: RuntimeEvent) => void;
}

/** Starts Supabase, then Trigger.dev, for a project. When the second fails the first is stopped: nothing half-started stays. */
export async function startProject(
  project: Project,
  options: StartProjectOptions = {},
): Promise<StartedProject> {
  await prepareState(project);
  const stack = await startStack({
    directory: project.state,
    project: project.folder,
    port: options.port ?? 0,
    ...(options.onProgress ? { onProgress: options.onProgress } : {}),
  });
  try {
    const runtime = await startRuntime({
      project: project.folder,
      directory: project.state,
      adminDatabaseUrl: stack.adminDatabaseUrl,
      environment: taskEnvironment(project, stack),
      port: options.triggerPort ?? 0,
      ...(options.onEvent ? { onEvent: options.onEvent } : {}),
    });
    const { keys } = stack;
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
      },
      async stop() {
        await runtime.stop();
        await stack.stop();
      },
    };
  } catch (error) {
    await stack.stop();
    throw error;
  }
}
