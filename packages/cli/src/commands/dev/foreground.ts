import { readFileSync } from "node:fs";

/**
 * Whether the terminal's keys are ours to read. A process of the background that reads them is stopped by the system, so `behalf dev &` has to leave them
 * alone. Linux tells it in /proc (proc(5): pgrp is the 5th field, tpgid the 8th); elsewhere a terminal is taken for ours.
 */
export function isForeground(): boolean {
  try {
    const stat = readFileSync("/proc/self/stat", "utf8");
    // The second field, the program's name, may hold blanks.
    const [, , pgrp, , , tpgid] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return pgrp === tpgid;
  } catch {
    return true;
  }
}
