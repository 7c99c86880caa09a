import { readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { FileProblem } from "../runtime/index.js";
import type { Endpoints } from "./environment.js";
import type { Project } from "./folder.js";

/** What `.behalf/running.json` says (mode 0600): where the control port of the running `behalf dev` is, and the word it wants. */
interface RunningFile {
  controlUrl: string;
  token: string;
}

/** What a running `behalf dev` answers another terminal. */
export interface RunningStatus extends Endpoints {
  /** Null where no console is served. */
  consoleUrl: string | null;
  tasks: string[];
  problems: FileProblem[];
  /** How often the task files were loaded. */
  loads: number;
}

const fileOf = (project: Project) => join(project.state, "running.json");

export async function writeRunning(project: Project, running: RunningFile): Promise<void> {
  const temporary = `${fileOf(project)}.${process.pid}`;
  await writeFile(temporary, JSON.stringify(running), { mode: 0o600 });
  await rename(temporary, fileOf(project));
}

export async function removeRunning(project: Project): Promise<void> {
  await rm(fileOf(project), { force: true });
}

/** A `behalf dev` of this folder, or undefined: a file that a killed process left behind leads nowhere and counts as none. */
export async function findRunning(project: Project): Promise<RunningDev | undefined> {
  let file: RunningFile;
  try {
    file = JSON.parse(await readFile(fileOf(project), "utf8")) as RunningFile;
  } catch {
    return undefined;
  }
  const dev = new RunningDev(file);
  return (await dev.answers()) ? dev : undefined;
}

export class RunningDev {
  readonly #file: RunningFile;

  constructor(file: RunningFile) {
    this.#file = file;
  }

  async answers(): Promise<boolean> {
    try {
      return (await this.#ask("GET", "/status", AbortSignal.timeout(5_000))).ok;
    } catch {
      return false;
    }
  }

  async status(): Promise<RunningStatus> {
    return (await (await this.#ask("GET", "/status")).json()) as RunningStatus;
  }

  /** What `behalf worker` needs to execute runs of its queue: with the superuser's connection string, so never for task code. */
  async workerEnvironment(): Promise<Record<string, string>> {
    return (await (await this.#ask("GET", "/worker-environment")).json()) as Record<string, string>;
  }

  /** Asks it to stop and returns once everything has ended. */
  async stop(): Promise<void> {
    await (await this.#ask("POST", "/stop")).text();
  }

  #ask(method: string, path: string, signal?: AbortSignal): Promise<Response> {
    return fetch(`${this.#file.controlUrl}${path}`, {
      method,
      headers: { authorization: `Bearer ${this.#file.token}` },
      ...(signal ? { signal } : {}),
    });
  }
}
