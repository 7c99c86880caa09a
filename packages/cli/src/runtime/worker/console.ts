import { format } from "node:util";
import type { LogSink } from "./managers.js";

/** Sends what task code prints to the main process, which knows the run it belongs to. */
export function captureConsole(log: LogSink): void {
  for (const level of ["debug", "log", "info", "warn", "error"] as const) {
    console[level] = (...args: unknown[]) => log(level, format(...args));
  }
}
