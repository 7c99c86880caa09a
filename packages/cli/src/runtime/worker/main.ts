// The process that executes task code. What belongs in worker/: everything that runs in it. What doesn't: the database, the API.
import { captureConsole } from "./console.js";
import { installContainment } from "./containment.js";
import { type Core, loadCore } from "./core.js";
import { type Attempt, startAttempt } from "./execute.js";
import { loadConfig, loadTaskFiles, refuseDuplicates } from "./load.js";
import { locateError } from "./locate-error.js";
import { installManagers, type LogSink, type Machinery } from "./managers.js";
import type { FromWorker, ProjectConfig, ToWorker, WaitResult } from "./messages.js";
import { currentScope } from "./scope.js";
import { followParent } from "./watchdog.js";
import { supplyWebSocket } from "./web-socket.js";

const attempts = new Map<string, Attempt>();
const waits = new Map<number, (result: WaitResult) => void>();
let nextWait = 1;
let core: Core;
let machinery: Machinery;
let config: ProjectConfig;
let version = "";

const send = (message: FromWorker) => {
  // The channel is gone when the main process is: "disconnect" ends this process then.
  if (process.connected) process.send?.(message);
};

const log: LogSink = (level, message, properties) => {
  const scope = currentScope();
  if (scope?.abandoned) return;
  send({
    type: "log",
    run: scope?.execution.run.id,
    task: scope?.execution.task.id,
    level,
    message,
    properties: toPlain(properties),
  });
};

/** Structured clone refuses functions and the like; a log line must never fail a run. */
function toPlain(value: unknown): unknown {
  try {
    return value === undefined ? undefined : JSON.parse(JSON.stringify(value));
  } catch {
    return String(value);
  }
}

async function configure({ projectFolder, configFile }: ToWorker & { type: "configure" }): Promise<void> {
  core = await loadCore(projectFolder);
  machinery = installManagers(core, log);
  refuseDuplicates(machinery);
  try {
    config = await loadConfig(core, configFile);
    send({ type: "configured", config, problem: undefined });
  } catch (error) {
    config = await loadConfig(core, undefined);
    const file = "trigger.config.ts";
    send({ type: "configured", config, problem: { file, ...locateError(error, file) } });
  }
}

async function load({ files }: ToWorker & { type: "load" }): Promise<void> {
  const loaded = await loadTaskFiles(core, machinery, files, (file) => send({ type: "loading", file }));
  send({ type: "loaded", ...loaded });
}

function execute({ execution }: ToWorker & { type: "execute" }): void {
  const run = execution.run.id;
  const attempt = execution.attempt.number;
  const key = `${run}:${attempt}`;
  const started = startAttempt(
    { core, machinery, config, version },
    execution,
    (target) =>
      new Promise((resolve) => {
        const wait = nextWait++;
        waits.set(wait, resolve);
        send({ type: "wait", run, attempt, wait, target });
      }),
    () => send({ type: "abandoned", run, attempt }),
  );
  attempts.set(key, started);
  void started.ended.then((end) => {
    attempts.delete(key);
    send({ type: "result", run, attempt, ...end });
  });
}

/** Spans of attempts that go on; those left when an attempt ends come with its result. */
function sendSpans(): void {
  for (const { execution, takeSpans } of attempts.values()) {
    const spans = takeSpans();
    if (spans.length > 0)
      send({ type: "spans", run: execution.run.id, attempt: execution.attempt.number, spans });
  }
}

function stop(message: ToWorker & { type: "stop" }): void {
  const { run, attempt } = message;
  send({ type: "stopping", run, attempt });
  attempts.get(`${run}:${attempt}`)?.stop(message.reason, message.grace);
}

async function handle(message: ToWorker): Promise<void> {
  switch (message.type) {
    case "configure":
      return configure(message);
    case "load":
      version = message.version;
      return load(message);
    case "execute":
      return execute(message);
    case "stop":
      return stop(message);
    case "resume":
      waits.get(message.wait)?.(message.result);
      waits.delete(message.wait);
  }
}

const { exit } = process;
setInterval(sendSpans, 500).unref();
followParent();
supplyWebSocket();
captureConsole(log);
installContainment((message) => log("error", message));
process.on("disconnect", () => exit.call(process, 0));
// Ctrl-C reaches the whole process group; the main process decides when this one ends.
process.on("SIGINT", () => {});
process.on("message", (message: ToWorker) => {
  handle(message).catch((error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    exit.call(process, 70);
  });
});
