import { Argument, type Command } from "commander";
import { dir, parseObject } from "./options.js";

/** What is wrong, and why. */
export function addCheckCommands(program: Command): void {
  program
    .command("doctor")
    .description("what is wrong with the environment, the project, the schema and the code, and the cure")
    .option(...dir)
    .option("--json", "print one JSON object")
    .option("--fix", "write a migration for what can be cured safely")
    .action(async (options) => {
      process.exitCode = await (await import("../doctor.js")).doctor(options);
    });
  program
    .command("deploy")
    .description("say how the project is deployed; with --check, what it lacks for that, and the cure")
    .option("--check", "look; exit with 1 where there is an error")
    .option(
      "--env-file <file>",
      "variables that the deployed code will find (default: .env.production, else this shell's)",
    )
    .option("--app-env <file>", "those of the app that triggers tasks")
    .option("--tasks-env <file>", "those of the tasks, in Trigger.dev")
    .option("--functions-env <file>", "those of the Edge Functions")
    .option("--offline", "ask no hosted project")
    .option(...dir)
    .option("--json", "print one JSON object")
    .action(async (options) => {
      process.exitCode = await (await import("../deploy.js")).deploy(options);
    });
  program
    .command("explain")
    .description("why a user, or a task for them, gets no rows or may not write")
    .argument("<table>", "notes, or billing.invoices")
    .addArgument(new Argument("<verb>").choices(["select", "insert", "update", "delete"]))
    .requiredOption("--user <id>", "as in auth.users.id")
    .option("--task <id>", "the task that works for the user")
    .option("--run <id>", "its run")
    .option("--grant <id>", "the grant it acts on")
    .option("--scope <words>", 'what the work is narrowed to, such as "public.notes:select"')
    .option("--role <role>", "the database role (default: authenticated)")
    .option("--claims <json>", "claims beside the standard ones, as for asUser", parseObject)
    .option("--row <json>", "the row to insert", parseObject)
    .option(...dir)
    .option("--json", "print one JSON object")
    .action(async (table, verb, options) => (await import("../explain.js")).explain(table, verb, options));
}
