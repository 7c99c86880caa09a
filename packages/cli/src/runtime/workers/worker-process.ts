import { type ChildProcess, fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import { RuntimeError } from "../errors.js";
import type { FromWorker, ToWorker } from "../worker/messages.js";

const entry = fileURLToPath(new URL("../worker/main.js", import.meta.url));

/** What a process needs of ours to find its way around; everything else that task code sees is given. */
const inherited = [
  "PATH",
  "HOME",
  "TMPDIR",
  "TEMP",
  "TMP",
  "LANG",
  "TZ",
  "SystemRoot",
  "USERPROFILE",
  "APPDATA",
];

export interface WorkerProcessOptions {
  projectFolder: string;
  environment: Record<string, string>;
  onMessage(message: FromWorker): void;
  onOutput(line: string, stream: "stdout" | "stderr"): void;
  /** Called once, however the process ends. */
  onExit(reason: string): void;
}

/** The process that executes task code. */
export class WorkerProcess {
  readonly #child: ChildProcess;
  readonly #exited: Promise<void>;
  #ended = false;

  constructor(options: WorkerProcessOptions) {
    const own = Object.fromEntries(
      inherited.flatMap((name) => (process.env[name] ? [[name, process.env[name]]] : [])),
    );
    this.#child = fork(entry, [], {
      cwd: options.projectFolder,
      env: { ...own, ...options.environment },
      // Dates and undefined survive; JSON would lose them.
      serialization: "advanced",
      execArgv: ["--enable-source-maps"],
      stdio: ["ignore", "pipe", "pipe", "ipc"],
    });
    this.#child.on("message", (message) => options.onMessage(message as FromWorker));
    for (const stream of ["stdout", "stderr"] as const) {
      splitLines(this.#child[stream], (line) => options.onOutput(line, stream));
    }
    this.#exited = new Promise((resolve) => {
      const end = (reason: string) => {
        if (this.#ended) return;
        this.#ended = true;
        options.onExit(reason);
        resolve();
      };
      this.#child.once("error", (error) => end(error.message));
      this.#child.once("exit", (code, signal) => end(signal ? `signal ${signal}` : `exit code ${code}`));
    });
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  get alive(): boolean {
    return !this.#ended;
  }

  send(message: ToWorker): void {
    // A message to a process that just died is lost like those it had; its runs are requeued on exit.
    if (!this.#ended && this.#child.connected) this.#child.send(message, () => {});
  }

  /** Ends the process at once: code in a busy loop hears nothing else. */
  async kill(): Promise<void> {
    if (!this.#ended) this.#child.kill("SIGKILL");
    await this.#exited;
  }

  /** The next message of a type; rejects when the process ends first. */
  async expect<T extends FromWorker["type"]>(type: T): Promise<FromWorker & { type: T }> {
    return new Promise((resolve, reject) => {
      const onMessage = (message: unknown) => {
        if ((message as FromWorker).type !== type) return;
        cleanUp();
        resolve(message as FromWorker & { type: T });
      };
      const onExit = () => {
        cleanUp();
        reject(
          new RuntimeError(
            "ERR_RUNTIME_WORKER",
            "The process that executes tasks ended while it loaded them. What it printed before says why.",
          ),
        );
      };
      const cleanUp = () => {
        this.#child.off("message", onMessage);
        this.#child.off("exit", onExit);
      };
      this.#child.on("message", onMessage);
      this.#child.once("exit", onExit);
    });
  }
}

function splitLines(stream: NodeJS.ReadableStream | null, onLine: (line: string) => void): void {
  let rest = "";
  stream?.setEncoding("utf8").on("data", (chunk: string) => {
    const lines = (rest + chunk).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) if (line.trim() !== "") onLine(line);
  });
  stream?.on("end", () => {
    if (rest.trim() !== "") onLine(rest);
  });
}
