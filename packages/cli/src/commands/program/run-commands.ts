import { type Command, Option } from "commander";
import { runStatuses } from "../run-statuses.js";
import { dir, parseLimit } from "./options.js";

/** Running tasks, and looking at runs. */
export function addRunCommands(program: Command): void {
  program
    .command("run")
    .description("run one task and print how it ended")
    .argument("<task-id>")
    .option("--payload <json>", "the task's payload")
    .option("--as <user-id>", "seal a grant of this user for the run, as an app does")
    .option("--scope <words>", "with --as: what the grant is narrowed to, such as public.notes:select")
    .option("--watch", "run it again whenever the code changes, until Ctrl-C")
    .option(...dir)
    .option("--json", "print one JSON object; with --watch, one a line")
    .action(async (taskId, options) => {
      process.exitCode = await (await import("../run/run.js")).run(taskId, options);
    });
  program
    .command("runs")
    .description("the latest runs of the running behalf dev, newest first")
    .addOption(new Option("--status <status...>", "with one of these statuses").choices(runStatuses))
    .option("--task <id...>", "of these tasks")
    .option("--tag <tag...>", "with one of these tags")
    .option("--limit <number>", "at most so many, 1 to 1000", parseLimit, 25)
    .option(...dir)
    .option("--json", "print a JSON array")
    .action(async (options) => (await import("../runs.js")).runs(options));
  program
    .command("logs")
    .description("what a run logged, and how it ended")
    .argument("<run-id>", "or how it begins")
    .option("--follow", "print lines as they come, until the run ends")
    .option(...dir)
    .option("--json", "print a JSON array; with --follow, one JSON object a line")
    .action(async (run, options) => (await import("../logs.js")).logs(run, options));
  program
    .command("cancel")
    .description("ask a run to stop, and those it triggered")
    .argument("<run-id>", "or how it begins")
    .option(...dir)
    .action(async (run, options) => (await import("../logs.js")).cancel(run, options));
  program
    .command("replay")
    .description("run a run's task again with the same payload, and print the new run's id")
    .argument("<run-id>", "or how it begins")
    .option(...dir)
    .action(async (run, options) => (await import("../logs.js")).replay(run, options));
}
