import { BehalfError } from "behalf";
import { Command, CommanderError } from "commander";
import { addCheckCommands } from "./commands/program/check-commands.js";
import { addDatabaseCommands } from "./commands/program/database-commands.js";
import { addIdentityCommands } from "./commands/program/identity-commands.js";
import { addProjectCommands } from "./commands/program/project-commands.js";
import { addRunCommands } from "./commands/program/run-commands.js";
import { printError, styled } from "./commands/terminal.js";
import { UsageError } from "./errors.js";

// A command's module is imported when it runs: `behalf status` need not load a database's worth of code.
function createProgram(): Command {
  const program = new Command("behalf")
    .description("Supabase and Trigger.dev on this machine, and the right identity for background work.")
    .exitOverride()
    // `behalf audit verify --json`: what follows a subcommand is the subcommand's.
    .enablePositionalOptions()
    .showHelpAfterError("(behalf --help lists the commands)");
  addProjectCommands(program);
  addRunCommands(program);
  addDatabaseCommands(program);
  addCheckCommands(program);
  addIdentityCommands(program);
  return program;
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
