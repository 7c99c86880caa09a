import { commandLineOf } from "../processes/inspect-process.js";

/**
 * Ends the PostgREST of a killed run. Its command line names the settings file of this very directory; a process of that pid which
 * doesn't is somebody else's.
 */
export function endPostgrestOrphan(pid: number | undefined, settingsFile: string): void {
  if (pid === undefined) return;
  const command = commandLineOf(pid);
  if (command?.includes("postgrest") && command.includes(settingsFile)) process.kill(pid, "SIGTERM");
}
