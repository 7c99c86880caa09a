import { type ChildProcess, spawn } from "node:child_process";

/** Ends our servers when we die without a chance to do it ourselves (kill -9, a crash of Node.js). */
export interface Reaper {
  watch(pid: number): void;
  forget(pid: number): void;
  dismiss(): void;
}

// Both read commands from standard input, whose end means that we are gone. A shell is used where there is one: it takes
// a megabyte, Node.js forty. A pid is forgotten as soon as its process ends, so that a stranger's reuse of it is safe.
const shell = `
pids=" "
while read -r verb pid; do
  case $verb in
    watch) pids="$pids$pid ";;
    forget) case $pids in *" $pid "*) pids="\${pids%% $pid *} \${pids#* $pid }";; esac;;
    dismiss) exit 0;;
  esac
done
for pid in $pids; do kill -INT "$pid" 2>/dev/null; done`;

const script = `
const pids = new Set();
require("node:readline").createInterface({ input: process.stdin })
  .on("line", (line) => {
    const [verb, pid] = line.split(" ");
    if (verb === "watch") pids.add(Number(pid));
    else if (verb === "forget") pids.delete(Number(pid));
    else process.exit(0);
  })
  .on("close", () => { for (const pid of pids) try { process.kill(pid, "SIGINT"); } catch {} });`;

export function startReaper(): Reaper {
  const [command, ...args] =
    process.platform === "win32" ? [process.execPath, "-e", script] : ["/bin/sh", "-c", shell];
  const child: ChildProcess = spawn(command as string, args, {
    stdio: ["pipe", "ignore", "ignore"],
    detached: true,
    windowsHide: true,
    env: { PATH: process.env.PATH ?? "" },
    cwd: process.platform === "win32" ? undefined : "/",
  });
  child.unref();
  // Without a reaper everything works; only an orphan would have to wait for the next start.
  child.once("error", () => {});
  child.stdin?.on("error", () => {});
  const say = (line: string) => void child.stdin?.write(`${line}\n`);
  return {
    watch: (pid) => say(`watch ${pid}`),
    forget: (pid) => say(`forget ${pid}`),
    dismiss() {
      say("dismiss");
      child.stdin?.end();
    },
  };
}
