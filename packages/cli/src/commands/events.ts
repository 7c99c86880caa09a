import type { FileProblem, RunStatus, RuntimeEvent } from "../runtime/index.js";
import { formatDuration, print, printError, styled } from "./terminal.js";

const marks: Partial<Record<RunStatus, [mark: string, colour: "green" | "yellow"]>> = {
  COMPLETED: ["✓", "green"],
  CANCELED: ["–", "yellow"],
  EXPIRED: ["–", "yellow"],
};

/** One calm line for each thing that happened; what only repeats is left out. */
export function printEvent(event: RuntimeEvent): void {
  switch (event.type) {
    case "run-finished": {
      const [mark, colour] = marks[event.status] ?? ["✗", "red" as const];
      const attempts = event.attempt > 1 ? `, attempt ${event.attempt}` : "";
      const end = `${event.status} in ${formatDuration(event.durationMs)}${attempts}`;
      print(`${styled(colour, mark)} ${event.task}  ${styled("dim", event.id)}  ${end}`);
      if (event.error) print(styled("red", `  ${event.error.name ?? "Error"}: ${event.error.message}`));
      break;
    }
    case "run-retrying": {
      const failed = `attempt ${event.attempt} failed: ${event.error.message}`;
      print(`${styled("yellow", "↻")} ${event.task}  ${styled("dim", event.id)}  ${failed}`);
      print(`  again in ${formatDuration(event.delayMs)}`);
      break;
    }
    case "log":
      print(`${styled("dim", `  ${event.task ?? "tasks"} ${event.level}`)}  ${event.message}`);
      break;
    case "file-problem":
      printProblem(event.problem);
      break;
    case "reloaded":
      print(
        `${styled("green", "✓")} ${event.tasks.length} tasks reloaded in ${formatDuration(event.durationMs)}`,
      );
      break;
    case "worker-lost":
      printError(
        styled(
          "red",
          `A worker process ended (${event.reason}); its ${event.requeued} runs go on.`,
          process.stderr,
        ),
      );
      break;
    default:
  }
}

export function printProblem({ file, line, message }: FileProblem): void {
  const where = line === undefined ? file : `${file}:${line}`;
  printError(styled("red", `✗ ${where}  ${message}`, process.stderr));
}
