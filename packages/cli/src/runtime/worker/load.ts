import { pathToFileURL } from "node:url";
import type { FileProblem } from "../types.js";
import type { Core } from "./core.js";
import { locateError } from "./locate-error.js";
import type { Machinery } from "./managers.js";
import type { ProjectConfig, QueueManifest, RetryPolicy, TaskFile, TaskManifest } from "./messages.js";

/** What a config module may export by name or in its default, beyond what core's types name. */
interface ConfigModule {
  [name: string]: unknown;
}

const noConfig: ProjectConfig = {
  dirs: undefined,
  ignorePatterns: [],
  maxDuration: undefined,
  ttl: undefined,
  retries: undefined,
};

/** Imports `trigger.config`, registers its lifecycle functions, and says what concerns the main process. */
export async function loadConfig(core: Core, configFile: string | undefined): Promise<ProjectConfig> {
  if (!configFile) return noConfig;
  const module = (await import(pathToFileURL(configFile).href)) as ConfigModule;
  const config = (module.default ?? module.config ?? {}) as ConfigModule;
  registerLifecycle(core, { ...config, handleError: module.handleError ?? config.handleError });
  return {
    dirs: config.dirs as string[] | undefined,
    ignorePatterns: (config.ignorePatterns as string[] | undefined) ?? [],
    maxDuration: config.maxDuration as number | undefined,
    ttl: config.ttl as string | number | undefined,
    retries: config.retries as ProjectConfig["retries"],
  };
}

function registerLifecycle({ v3 }: Core, config: ConfigModule): void {
  const hooks = v3.lifecycleHooks;
  const register = <F>(name: string, add: (hook: { id: string; fn: F }) => void) => {
    const fn = config[name];
    if (typeof fn === "function") add({ id: "config", fn: fn as F });
  };
  register("init", (hook: Parameters<typeof hooks.registerGlobalInitHook>[0]) =>
    hooks.registerGlobalInitHook(hook),
  );
  register("onStart", (hook: Parameters<typeof hooks.registerGlobalStartHook>[0]) =>
    hooks.registerGlobalStartHook(hook),
  );
  register("onStartAttempt", (hook: Parameters<typeof hooks.registerGlobalStartAttemptHook>[0]) =>
    hooks.registerGlobalStartAttemptHook(hook),
  );
  register("onSuccess", (hook: Parameters<typeof hooks.registerGlobalSuccessHook>[0]) =>
    hooks.registerGlobalSuccessHook(hook),
  );
  register("onFailure", (hook: Parameters<typeof hooks.registerGlobalFailureHook>[0]) =>
    hooks.registerGlobalFailureHook(hook),
  );
  register("handleError", (hook: Parameters<typeof hooks.registerGlobalCatchErrorHook>[0]) =>
    hooks.registerGlobalCatchErrorHook(hook),
  );
}

/** Imports every task file; those that throw are reported and the rest goes on. */
export async function loadTaskFiles(
  { v3 }: Core,
  { catalog }: Machinery,
  files: TaskFile[],
  onLoading: (file: string) => void,
): Promise<{ tasks: TaskManifest[]; queues: QueueManifest[]; problems: FileProblem[] }> {
  const problems: FileProblem[] = [];
  for (const { file, output } of files) {
    onLoading(file);
    catalog.setCurrentFileContext(file, output);
    try {
      await import(pathToFileURL(output).href);
    } catch (error) {
      problems.push({ file, ...locateError(error, file) });
    } finally {
      catalog.clearCurrentFileContext();
    }
  }
  const tasks = catalog.listTaskManifests().map((manifest): TaskManifest => {
    const more = manifest as unknown as {
      payloadSchema?: unknown;
      ttl?: string | number;
      description?: string;
    };
    return {
      id: manifest.id,
      file: manifest.filePath,
      description: more.description,
      retry: manifest.retry as RetryPolicy | undefined,
      queue: manifest.queue
        ? { name: manifest.queue.name, concurrencyLimit: manifest.queue.concurrencyLimit ?? undefined }
        : undefined,
      maxDuration: manifest.maxDuration,
      ttl: more.ttl,
      schedule: manifest.schedule
        ? { cron: manifest.schedule.cron, timezone: manifest.schedule.timezone }
        : undefined,
      triggerSource: manifest.triggerSource,
      payloadSchema: more.payloadSchema,
    };
  });
  const queues = v3.resourceCatalog
    .listQueueManifests()
    .map(({ name, concurrencyLimit }) => ({ name, concurrencyLimit: concurrencyLimit ?? undefined }));
  return { tasks, queues, problems: [...problems, ...duplicates.splice(0)] };
}

const duplicates: FileProblem[] = [];

/** Keeps the first task of an id and reports the others; core would silently keep the last. */
export function refuseDuplicates({ catalog }: Machinery): void {
  const register = catalog.registerTaskMetadata.bind(catalog);
  const files = new Map<string, string>();
  let current = "";
  const setContext = catalog.setCurrentFileContext.bind(catalog);
  catalog.setCurrentFileContext = (filePath, entryPoint) => {
    current = filePath;
    setContext(filePath, entryPoint);
  };
  const clearContext = catalog.clearCurrentFileContext.bind(catalog);
  catalog.clearCurrentFileContext = () => {
    current = "";
    clearContext();
  };
  catalog.registerTaskMetadata = (task) => {
    const first = files.get(task.id);
    // Outside of any file nothing registers: a task made while a run executes is core's business.
    if (current === "") return register(task);
    if (first !== undefined) {
      const { line } = locateError(new Error("duplicate"), current);
      duplicates.push({
        file: current,
        ...(line === undefined ? {} : { line }),
        message: `Task id ${JSON.stringify(task.id)} is taken already, by ${first}. This one is left out: give it another id.`,
      });
      return;
    }
    files.set(task.id, current);
    register(task);
  };
}
