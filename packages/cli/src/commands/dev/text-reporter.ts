import type { RuntimeEvent } from "../../runtime/index.js";
import { EventLines } from "../events.js";
import { formatDuration, print, printError, printTable, styled } from "../terminal.js";
import type { Part, Reporter, Summary } from "./reporter.js";

/** For a person: a line for each part and its time, then a line for each run. */
export function createTextReporter(options: { folder: string; verbose?: boolean | undefined }): Reporter {
  const lines = new EventLines(options);
  return {
    part: ({ name, message, durationMs }: Part) => {
      const mark = name === "warning" ? styled("yellow", "!") : styled("green", "✓");
      const time = durationMs === undefined ? "" : styled("dim", formatDuration(durationMs).padStart(8));
      print(`  ${mark} ${time ? `${message.padEnd(44)}  ${time}` : message}`);
    },
    event(event: RuntimeEvent) {
      const write = event.type === "file-problem" || event.type === "worker-lost" ? printError : print;
      for (const line of lines.format(event)) write(line);
    },
    ready(summary: Summary) {
      lines.fit(summary.tasks);
      print(`\nReady in ${formatDuration(summary.durationMs)}.\n`);
      printTable([
        ["Supabase", summary.supabaseUrl],
        ["Trigger.dev", summary.triggerApiUrl],
        ...(summary.consoleUrl ? [["Console", summary.consoleUrl] as [string, string]] : []),
        ["Tasks", summary.tasks.join(", ") || "none. Put one into a folder of trigger.config.ts `dirs`."],
      ]);
      print(
        `\nbehalf status prints the keys. ${summary.keys ? "? shows what to press. " : ""}Ctrl-C stops.\n`,
      );
    },
    note: print,
    stopping: () => printError("\nStopping … (Ctrl-C again ends everything at once)"),
  };
}
