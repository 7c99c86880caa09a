import { BehalfError } from "behalf";
import { Argument, Command, CommanderError, InvalidArgumentError, Option } from "commander";
import { runStatuses } from "./commands/run-statuses.js";
import { printError, styled } from "./commands/terminal.js";
import { UsageError } from "./errors.js";

const dir = ["--dir <folder>", "the project's folder", "."] as const;

function parsePort(text: string): number {
  const port = Number(text);
  if (!Number.isInteger(port) || port < 0 || port > 65_535)
    throw new InvalidArgumentError("A port is 0 to 65535.");
  return port;
}

function parseObject(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === "object" && value !== null && !Array.isArray(value))
      return value as Record<string, unknown>;
  } catch {
    // Told the same way as JSON of another kind.
  }
  throw new InvalidArgumentError('It takes a JSON object, such as {"body": "text"}.');
}

/** A moment: a date, or how long ago, such as "15m", "2h" or "7d". */
function parseMoment(text: string): Date {
  const [, number, unit] = /^(\d{1,6})([smhd])$/.exec(text) ?? [];
  const seconds: Record<string, number> = { s: 1, m: 60, h: 3600, d: 86_400 };
  const date = unit ? new Date(Date.now() - Number(number) * (seconds[unit] ?? 0) * 1000) : new Date(text);
  if (Number.isNaN(date.getTime()))
    throw new InvalidArgumentError('It takes a date, or how long ago: "15m", "2h", "7d".');
  return date;
}

function parseLimit(text: string): number {
  const limit = Number(text);
  if (!Number.isInteger(limit) || limit < 1 || limit > 1000)
    throw new InvalidArgumentError("It takes a whole number from 1 to 1000.");
  return limit;
}

// A command's module is imported when it runs: `behalf status` need not load a database's worth of code.
function createProgram(): Command {
  const program = new Command("behalf")
    .description("Supabase and Trigger.dev on this machine, and the right identity for background work.")
    .exitOverride()
    // `behalf audit verify --json`: what follows a subcommand is the subcommand's.
    .enablePositionalOptions()
    .showHelpAfterError("(behalf --help lists the commands)");

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
    .option("--verbose", "everything that happens: waits, properties of logs, whole stacks")
    .option("--json", "print one JSON object a line, for programs")
    .action(async (options) => (await import("./commands/dev/dev.js")).dev(options));
  program
    .command("run")
    .description("run one task and print how it ended")
    .argument("<task-id>")
    .option("--payload <json>", "the task's payload")
    .option("--as <user-id>", "seal a grant of this user for the run, as an app does")
    .option("--watch", "run it again whenever the code changes, until Ctrl-C")
    .option(...dir)
    .option("--json", "print one JSON object; with --watch, one a line")
    .action(async (taskId, options) => {
      process.exitCode = await (await import("./commands/run/run.js")).run(taskId, options);
    });
  addRuns(program);
  program
    .command("status")
    .description("what is running for a folder, with URLs and keys")
    .option(...dir)
    .option("--json", "print one JSON object")
    .action(async (options) => (await import("./commands/status.js")).status(options));
  program
    .command("stop")
    .description("end the behalf dev of a folder")
    .option(...dir)
    .action(async (options) => (await import("./commands/stop.js")).stop(options));
  program
    .command("token")
    .description("print a user's token, minted from the environment, to debug with")
    .argument("<user-id>")
    .option("--role <role>", "the database role (default: authenticated)")
    .option("--lifetime <duration>", 'how long it lives, such as "5m" (default: 1h)')
    .option(...dir)
    .option("--json", "print one JSON object")
    .action(async (userId, options) => (await import("./commands/token.js")).token(userId, options));
  program
    .command("types")
    .description("write the Database type of the project's migrations, as supabase gen types does")
    .option("--output <file>", "where, relative to the project", "database.types.ts")
    .option("--schema <schema...>", "the schemas", ["public"])
    .option("--check", "write nothing; exit with 1 where the file says something else")
    .option(...dir)
    .action(async (options) => {
      process.exitCode = await (await import("./commands/types.js")).types(options);
    });
  const keys = program.command("keys").description("keys that sign tokens, and keys that seal grants");
  keys
    .command("new")
    .description("make a key in the form that Supabase imports, and say what to do with it")
    .addOption(
      new Option("--alg <algorithm>", "the algorithm").choices(["ES256", "RS256", "EdDSA"]).default("ES256"),
    )
    .option("--grant", "a pair for grants instead: private for the app, public for the workers")
    .option("--json", "print one JSON object")
    .action(async (options) => (await import("./commands/keys.js")).newKey(options));
  program
    .command("doctor")
    .description("what is wrong with the environment, the project, the schema and the code, and the cure")
    .option(...dir)
    .option("--json", "print one JSON object")
    .option("--fix", "write a migration for what can be cured safely")
    .action(async (options) => {
      process.exitCode = await (await import("./commands/doctor.js")).doctor(options);
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
      process.exitCode = await (await import("./commands/deploy.js")).deploy(options);
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
    .action(async (table, verb, options) =>
      (await import("./commands/explain.js")).explain(table, verb, options),
    );
  program
    .command("init")
    .description("make a folder a project, or add what a project lacks; nothing that is there is changed")
    .option(...dir)
    .option("--json", "print one JSON object")
    .action(async (options) => (await import("./commands/init.js")).init(options));
  program
    .command("sql")
    .description("write the migrations of schema behalf into supabase/migrations")
    .option("--check", "write nothing; exit with 1 where the database lacks one")
    .option(...dir)
    .option("--json", "print one JSON object")
    .action(async (options) => {
      process.exitCode = await (await import("./commands/sql.js")).sql(options);
    });
  addAudit(program);
  return program;
}

function addRuns(program: Command): void {
  program
    .command("runs")
    .description("the latest runs of the running behalf dev, newest first")
    .addOption(new Option("--status <status...>", "with one of these statuses").choices(runStatuses))
    .option("--task <id...>", "of these tasks")
    .option("--tag <tag...>", "with one of these tags")
    .option("--limit <number>", "at most so many, 1 to 1000", parseLimit, 25)
    .option(...dir)
    .option("--json", "print a JSON array")
    .action(async (options) => (await import("./commands/runs.js")).runs(options));
  program
    .command("logs")
    .description("what a run logged, and how it ended")
    .argument("<run-id>", "or how it begins")
    .option("--follow", "print lines as they come, until the run ends")
    .option(...dir)
    .option("--json", "print a JSON array; with --follow, one JSON object a line")
    .action(async (run, options) => (await import("./commands/logs.js")).logs(run, options));
  program
    .command("cancel")
    .description("ask a run to stop, and those it triggered")
    .argument("<run-id>", "or how it begins")
    .option(...dir)
    .action(async (run, options) => (await import("./commands/logs.js")).cancel(run, options));
  program
    .command("replay")
    .description("run a run's task again with the same payload, and print the new run's id")
    .argument("<run-id>", "or how it begins")
    .option(...dir)
    .action(async (run, options) => (await import("./commands/logs.js")).replay(run, options));
}

function addAudit(program: Command): void {
  const audit = program
    .command("audit")
    .description("who changed what: the latest entries of the audit trail")
    .enablePositionalOptions()
    .option("--table <table>", "notes, or billing.invoices")
    .option("--user <id>", "whose rights were used")
    .option("--task <id>", "the task that acted")
    .option("--run <id>", "its run")
    .option("--since <moment>", 'a date, or how long ago: "15m", "2h", "7d"', parseMoment)
    .option("--limit <number>", "at most so many, 1 to 1000 (default: 100)", parseLimit)
    .option("--follow", "print entries as they are committed, until Ctrl-C")
    .option(...dir)
    .option("--json", "print a JSON array; with --follow, one JSON object a line")
    .action(async (options) => (await import("./commands/audit.js")).audit(options));
  audit
    .command("run")
    .description("what one run did, in order")
    .argument("<run-id>")
    .option(...dir)
    .option("--json", "print a JSON array")
    .action(async (run, options) => (await import("./commands/audit.js")).auditRun(run, options));
  audit
    .command("verify")
    .description("whether the trail is as it was recorded; exits with 1 where it isn't")
    .option("--head <file>", "what `behalf audit head` printed before, kept elsewhere")
    .option(...dir)
    .option("--json", "print one JSON object")
    .action(async (options) => {
      process.exitCode = await (await import("./commands/audit.js")).auditVerify(options);
    });
  audit
    .command("head")
    .description(
      "the last links of the trail's hash chain, as JSON, to keep where the database's owner can't write",
    )
    .option(...dir)
    .action(async (options) => (await import("./commands/audit.js")).auditHead(options));
}

/** The exit code for what a command threw: 0 for --help, 2 for wrong usage, 1 for everything else. */
function report(error: unknown): number {
  // Commander has printed its own message.
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  const red = (text: string) => styled("red", text, process.stderr);
  if (error instanceof BehalfError) {
    printError(`${red(error.message)}\n(${error.code})`);
    return error instanceof UsageError ? 2 : 1;
  }
  printError(red(error instanceof Error ? (error.stack ?? error.message) : String(error)));
  return 1;
}

try {
  await createProgram().parseAsync();
} catch (error) {
  process.exitCode = report(error);
}
