import type { FileProblem } from "../types.js";
import type {
  FromWorker,
  ProjectConfig,
  QueueManifest,
  TaskFile,
  TaskManifest,
  ToWorker,
} from "../worker/messages.js";
import { WorkerProcess, type WorkerProcessOptions } from "./worker-process.js";

/** What a worker process is started from. */
export interface Build {
  version: string;
  files: TaskFile[];
}

/** What a worker found in the files it loaded. */
export interface Loaded {
  tasks: TaskManifest[];
  queues: QueueManifest[];
  problems: FileProblem[];
}

export interface TaskWorkerHandlers {
  onMessage(worker: TaskWorker, message: FromWorker): void;
  onOutput: WorkerProcessOptions["onOutput"];
  onExit(worker: TaskWorker, reason: string): void;
}

/** Longest a file's import may take; a loop at the top of a file would otherwise hang the start for ever. */
const loadTimeout = 60_000;

/** A worker process, the code it runs, and the runs it has. */
export class TaskWorker {
  readonly process: WorkerProcess;
  /** Ids of the runs it executes now. */
  readonly runs = new Set<string>();
  build: Build = { version: "empty", files: [] };
  configFile: string | undefined;
  config: ProjectConfig = {
    dirs: undefined,
    ignorePatterns: [],
    maxDuration: undefined,
    ttl: undefined,
    retries: undefined,
  };
  tasks = new Map<string, TaskManifest>();
  /** Takes no new run; ends when those it has have ended. */
  retired = false;
  loaded = false;
  #loading: string | undefined;

  constructor(project: string, environment: Record<string, string>, handlers: TaskWorkerHandlers) {
    this.process = new WorkerProcess({
      projectFolder: project,
      environment,
      onMessage: (message) => {
        if (message.type === "loading") this.#loading = message.file;
        else handlers.onMessage(this, message);
      },
      onOutput: handlers.onOutput,
      onExit: (reason) => handlers.onExit(this, reason),
    });
  }

  async configure(project: string, configFile: string | undefined): Promise<FileProblem | undefined> {
    this.configFile = configFile;
    const answer = this.process.expect("configured");
    this.process.send({ type: "configure", projectFolder: project, configFile });
    const { config, problem } = await answer;
    this.config = config;
    return problem;
  }

  /** Loads task files. Undefined with a problem: the process did not survive that file. */
  async load(build: Build): Promise<Loaded | { fatal: FileProblem }> {
    this.build = build;
    const answer = this.process.expect("loaded");
    const timer = setTimeout(() => void this.process.kill(), loadTimeout);
    this.process.send({ type: "load", version: build.version, files: build.files });
    try {
      const { tasks, queues, problems } = await answer;
      this.tasks = new Map(tasks.map((task) => [task.id, task]));
      this.loaded = true;
      return { tasks, queues, problems };
    } catch (error) {
      if (this.#loading === undefined) throw error;
      const message =
        "The process ended while it imported this file. Is process.exit called, or a loop run, at its top?";
      return { fatal: { file: this.#loading, message } };
    } finally {
      clearTimeout(timer);
    }
  }

  send(message: ToWorker): void {
    this.process.send(message);
  }
}
