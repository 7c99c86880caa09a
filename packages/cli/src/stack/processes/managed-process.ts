import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";

export interface ManagedProcessOptions {
  /** How messages call it. */
  name: string;
  command: string;
  args: string[];
  cwd?: string;
  env: Record<string, string>;
  /** Runs it as another user; only root can. */
  account?: { uid: number; gid: number } | undefined;
  /** Never shown: replaced in everything this class returns as output. */
  secrets: string[];
  /** Called for each line it writes, on either stream. Left out: standard output goes nowhere. */
  onLine?: (line: string) => void;
}

/** A server that we started: its last output, its end, and how to bring that end about. */
export class ManagedProcess {
  readonly name: string;
  /** Settles when it has ended, for whatever reason. */
  readonly ended: Promise<void>;
  #child: ChildProcess;
  #output = "";
  #ending: string | undefined;
  #secrets: string[];
  #listeners = new Set<() => void>();
  #stopping = false;

  constructor(options: ManagedProcessOptions) {
    this.name = options.name;
    this.#secrets = options.secrets;
    // Detached, so that the terminal's Ctrl-C reaches us alone: we stop it in the right order.
    this.#child = spawn(options.command, options.args, {
      cwd: options.cwd,
      env: options.env,
      ...options.account,
      detached: process.platform !== "win32",
      windowsHide: true,
      stdio: ["ignore", options.onLine ? "pipe" : "ignore", "pipe"],
    });
    const { onLine } = options;
    if (onLine) {
      for (const stream of [this.#child.stdout, this.#child.stderr]) {
        if (stream) createInterface({ input: stream }).on("line", onLine);
      }
    }
    this.#child.stderr?.setEncoding("utf8").on("data", (chunk: string) => {
      this.#output = (this.#output + chunk).slice(-8_000);
      this.#changed();
    });
    this.ended = new Promise((resolve) => {
      const end = (how: string) => {
        this.#ending ??= how;
        this.#changed();
        resolve();
      };
      this.#child.once("error", (error) => end(error.message));
      this.#child.once("close", (code, signal) => end(code === null ? `signal ${signal}` : `code ${code}`));
    });
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** How it ended, or undefined while it runs. */
  get ending(): string | undefined {
    return this.#ending;
  }

  /** Whether it ended, or is ending, because we asked it to. */
  get stopped(): boolean {
    return this.#stopping;
  }

  /** The end of what it wrote to standard error, without secrets. */
  get output(): string {
    let text = this.#output;
    for (const secret of this.#secrets) text = text.replaceAll(secret, "…");
    return text.trim();
  }

  kill(signal: NodeJS.Signals): void {
    if (this.#ending === undefined) this.#child.kill(signal);
  }

  /** Sends `gentle`; a process that is still there after `patience` milliseconds gets `firm`, then SIGKILL. */
  async stop(gentle: NodeJS.Signals, firm: NodeJS.Signals, patience = 15_000): Promise<void> {
    this.#stopping = true;
    this.kill(gentle);
    const timers = [
      setTimeout(() => this.kill(firm), patience),
      setTimeout(() => this.kill("SIGKILL"), patience * 2),
    ];
    await this.ended;
    for (const timer of timers) clearTimeout(timer);
  }

  /** Resolves when its output or its state changes, or after `milliseconds`. */
  nextChange(milliseconds: number): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer);
        this.#listeners.delete(done);
        resolve();
      };
      const timer = setTimeout(done, milliseconds);
      this.#listeners.add(done);
    });
  }

  #changed(): void {
    for (const listener of [...this.#listeners]) listener();
  }
}
