import type { Command } from "commander";
import { dir, parseLimit, parseMoment } from "./options.js";

/** What is derived from the database, written for it, or kept in it. */
export function addDatabaseCommands(program: Command): void {
  program
    .command("types")
    .description("write the Database type of the project's migrations, as supabase gen types does")
    .option("--output <file>", "where, relative to the project", "database.types.ts")
    .option("--schema <schema...>", "the schemas", ["public"])
    .option("--check", "write nothing; exit with 1 where the file says something else")
    .option(...dir)
    .action(async (options) => {
      process.exitCode = await (await import("../types.js")).types(options);
    });
  program
    .command("sql")
    .description("write the migrations of schema behalf into supabase/migrations")
    .option("--check", "write nothing; exit with 1 where the database lacks one")
    .option(...dir)
    .option("--json", "print one JSON object")
    .action(async (options) => {
      process.exitCode = await (await import("../sql.js")).sql(options);
    });
  addAudit(program);
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
    .action(async (options) => (await import("../audit.js")).audit(options));
  audit
    .command("run")
    .description("what one run did, in order")
    .argument("<run-id>")
    .option(...dir)
    .option("--json", "print a JSON array")
    .action(async (run, options) => (await import("../audit.js")).auditRun(run, options));
  audit
    .command("verify")
    .description("whether the trail is as it was recorded; exits with 1 where it isn't")
    .option("--head <file>", "what `behalf audit head` printed before, kept elsewhere")
    .option(...dir)
    .option("--json", "print one JSON object")
    .action(async (options) => {
      process.exitCode = await (await import("../audit.js")).auditVerify(options);
    });
  audit
    .command("head")
    .description(
      "the last links of the trail's hash chain, as JSON, to keep where the database's owner can't write",
    )
    .option(...dir)
    .action(async (options) => (await import("../audit.js")).auditHead(options));
}
