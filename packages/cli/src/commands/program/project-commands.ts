import type { Command } from "commander";
import { dir, parseLimit, parsePort } from "./options.js";

/** What starts, shows and ends the parts of a project. */
export function addProjectCommands(program: Command): void {
  program
    .command("dev")
    .description("start Supabase and Trigger.dev for a folder, until Ctrl-C")
    .option(...dir)
    .option("--fresh", "drop the data of earlier runs first")
    .option(
      "--port <port>",
      "port of the Supabase gateway (default: [api] port of config.toml, else a free one)",
      parsePort,
    )
    .option(
      "--concurrency <number>",
      "at most so many runs at the same time; workers take the others (default: 1000)",
      parseLimit,
    )
    .option("--verbose", "everything that happens: waits, properties of logs, whole stacks")
    .option("--json", "print one JSON object a line, for programs")
    .action(async (options) => (await import("../dev/dev.js")).dev(options));
  program
    .command("init")
    .description("make a folder a project, or add what a project lacks; nothing that is there is changed")
    .option(...dir)
    .option("--json", "print one JSON object")
    .action(async (options) => (await import("../init.js")).init(options));
  program
    .command("status")
    .description("what is running for a folder, with URLs and keys")
    .option("--env", "print the variables that a worker of another machine needs, as a .env file")
    .option(...dir)
    .option("--json", "print one JSON object")
    .action(async (options) => (await import("../status.js")).status(options));
  program
    .command("stop")
    .description("end the behalf dev of a folder")
    .option(...dir)
    .action(async (options) => (await import("../stop.js")).stop(options));
  program
    .command("worker")
    .description("execute runs of another process's or machine's queue, until Ctrl-C")
    .option(
      "--server <url>",
      "TRIGGER_API_URL of the machine whose queue it is (default: the behalf dev that runs for the folder)",
    )
    .option(
      "--database-url-env <name>",
      "the variable that holds the connection string of its database",
      "BEHALF_DATABASE_URL",
    )
    .option("--concurrency <number>", "at most so many runs at the same time (default: 1000)", parseLimit)
    .option("--verbose", "everything that happens: waits, properties of logs, whole stacks")
    .option(...dir)
    .option("--json", "print one JSON object a line, for programs")
    .action(async (options) => (await import("../worker/worker.js")).worker(options));
}
