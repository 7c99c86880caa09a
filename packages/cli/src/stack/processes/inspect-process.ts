import { spawnSync } from "node:child_process";
import { readFileSync, readlinkSync } from "node:fs";

/** The command line of a process of this machine, or undefined when there is none of that pid (or we may not know). */
export function commandLineOf(pid: number): string | undefined {
  if (!Number.isInteger(pid) || pid <= 0) return undefined;
  if (process.platform === "linux") {
    try {
      return readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ").trim() || undefined;
    } catch {
      return undefined;
    }
  }
  const [command, args] =
    process.platform === "win32"
      ? [
          "powershell",
          [
            "-NoProfile",
            "-Command",
            `(Get-CimInstance Win32_Process -Filter "ProcessId=${pid}").CommandLine`,
          ],
        ]
      : ["ps", ["-ww", "-o", "args=", "-p", `${pid}`]];
  const { stdout } = spawnSync(command as string, args as string[], { encoding: "utf8", windowsHide: true });
  return stdout?.trim() || undefined;
}

/** The working directory of a process, where the platform tells it (Linux). */
export function workingDirectoryOf(pid: number): string | undefined {
  try {
    return readlinkSync(`/proc/${pid}/cwd`);
  } catch {
    return undefined;
  }
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
