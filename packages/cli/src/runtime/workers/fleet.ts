import { setTimeout as sleep } from "node:timers/promises";
import { messageOf } from "../errors.js";
import { bundleConfig, bundleFiles } from "../files/bundle.js";
import { findConfigFile, findTaskFiles } from "../files/find-files.js";
import type { FileProblem, RuntimeEvent, TaskInfo } from "../types.js";
import type { FromWorker, TaskManifest } from "../worker/messages.js";
import { type Loaded, TaskWorker } from "./task-worker.js";

export interface FleetOptions {
  project: string;
  environment: Record<string, string>;
  onMessage(worker: TaskWorker, message: FromWorker): void;
  /** A worker ended; the runs it still had must be given back. */
  onLost(worker: TaskWorker, reason: string): void;
  /** Another worker takes runs from now on. Returns what is wrong with what it loaded. */
  onLoaded(loaded: Loaded): Promise<FileProblem[]>;
  emit(event: RuntimeEvent): void;
}

/** The worker processes: one that takes runs, and older ones that end theirs. */
export class Fleet {
  readonly #options: FleetOptions;
  readonly #workers = new Set<TaskWorker>();
  #current: TaskWorker | undefined;
  #tasks: ReadonlyMap<string, TaskManifest> = new Map();
  #problems: FileProblem[] = [];
  #replacing: TaskWorker | undefined;
  #loading: Promise<void> = Promise.resolve();
  #stopped = false;

  constructor(options: FleetOptions) {
    this.#options = options;
  }

  /** The worker that takes new runs. */
  get current(): TaskWorker | undefined {
    return this.#current;
  }

  /** The tasks there are. Those of the last load stay known while its worker is replaced. */
  get tasks(): ReadonlyMap<string, TaskManifest> {
    return this.#tasks;
  }

  get problems(): FileProblem[] {
    return this.#problems;
  }

  /** Process ids, for tests that kill them. */
  get pids(): number[] {
    return [...this.#workers].flatMap((worker) => worker.process.pid ?? []);
  }

  /** Builds and loads the project's files into a new worker; the old one ends the runs it has. One load at a time. */
  reload(): Promise<void> {
    const next = this.#loading.then(() => (this.#stopped ? undefined : this.#load()));
    this.#loading = next.catch(() => {});
    return next;
  }

  /** Has another worker take over from one that holds code beyond control. Until that is ready, the old one goes on. */
  replace(worker: TaskWorker): void {
    if (this.#current !== worker || this.#replacing === worker) return;
    this.#replacing = worker;
    this.#loadUntilItWorks();
  }

  /** A process for one run, which ends with it, and executes the code that `current` has. */
  startAlone(current: TaskWorker): { worker: TaskWorker; loaded: Promise<unknown> } {
    const worker = this.#start();
    worker.retired = true;
    const { project } = this.#options;
    const loaded = worker.configure(project, current.configFile).then(() => worker.load(current.build));
    return { worker, loaded };
  }

  #retire(worker: TaskWorker): void {
    worker.retired = true;
    this.releaseIfDone(worker);
  }

  /** Ends a retired worker that has no run any more. */
  releaseIfDone(worker: TaskWorker): void {
    if (worker.retired && worker.runs.size === 0) void worker.process.kill();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#loading;
    await Promise.all([...this.#workers].map((worker) => worker.process.kill()));
  }

  async #load(): Promise<void> {
    const startedAt = performance.now();
    const { project } = this.#options;
    const configFile = findConfigFile(project);
    const config = configFile ? await bundleConfig(project, configFile) : undefined;
    let excluded: FileProblem[] = [];
    for (;;) {
      const worker = this.#start();
      const configProblem = await worker.configure(project, config?.files[0]?.output);
      const { dirs, ignorePatterns } = worker.config;
      const found = await findTaskFiles(project, dirs, ignorePatterns);
      const wanted = found.filter((file) => !excluded.some((problem) => problem.file === file));
      const bundle = await bundleFiles(project, wanted);
      const loaded = await worker.load({ version: bundle.version, files: bundle.files });
      if ("fatal" in loaded) {
        excluded = [...excluded, loaded.fatal];
        continue;
      }
      this.#problems = [
        ...(config?.problems ?? []),
        ...(configProblem ? [configProblem] : []),
        ...bundle.problems,
        ...excluded,
        ...loaded.problems,
      ];
      await this.#take(worker, loaded);
      this.#announce(worker, performance.now() - startedAt);
      return;
    }
  }

  #start(): TaskWorker {
    const { project, environment, emit } = this.#options;
    const worker = new TaskWorker(project, environment, {
      onMessage: this.#options.onMessage,
      onOutput: (message, stream) =>
        emit({ type: "log", level: stream === "stderr" ? "error" : "log", message }),
      onExit: (lost, reason) => this.#onExit(lost, reason),
    });
    this.#workers.add(worker);
    return worker;
  }

  async #take(worker: TaskWorker, loaded: Loaded): Promise<void> {
    const before = this.#current;
    this.#current = worker;
    this.#tasks = worker.tasks;
    const problems = await this.#options.onLoaded(loaded);
    this.#problems = [...this.#problems, ...problems];
    if (before) this.#retire(before);
  }

  #announce(worker: TaskWorker, durationMs: number): void {
    const { emit } = this.#options;
    for (const problem of this.#problems) emit({ type: "file-problem", problem });
    const tasks = [...worker.tasks.values()].map(toTaskInfo);
    emit({ type: "reloaded", tasks, problems: this.#problems, durationMs });
  }

  #onExit(worker: TaskWorker, reason: string): void {
    this.#workers.delete(worker);
    const wasCurrent = this.#current === worker;
    if (wasCurrent) this.#current = undefined;
    if (this.#stopped) return;
    this.#options.onLost(worker, worker.retired && worker.runs.size === 0 ? "" : reason);
    if (wasCurrent) this.#loadUntilItWorks();
  }

  /** Without a worker no run goes on. */
  #loadUntilItWorks(): void {
    this.reload().catch(async (error: unknown) => {
      this.#options.emit({ type: "log", level: "error", message: messageOf(error) });
      await sleep(1000);
      if (!this.#stopped && !this.#current) this.#loadUntilItWorks();
    });
  }
}

export function toTaskInfo(task: TaskManifest): TaskInfo {
  return {
    id: task.id,
    file: task.file,
    queue: task.queue?.name ?? `task/${task.id}`,
    ...(task.description === undefined ? {} : { description: task.description }),
    ...(task.schedule === undefined ? {} : { schedule: task.schedule }),
    ...(task.maxDuration === undefined ? {} : { maxDuration: task.maxDuration }),
    ...(task.payloadSchema === undefined ? {} : { payloadSchema: task.payloadSchema }),
  };
}
