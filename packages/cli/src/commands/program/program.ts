import { Command } from "commander";
import { addCheckCommands } from "./check-commands.js";
import { addDatabaseCommands } from "./database-commands.js";
import { addIdentityCommands } from "./identity-commands.js";
import { addProjectCommands } from "./project-commands.js";
import { addRunCommands } from "./run-commands.js";

/** Every command. Its module is imported when it runs: `behalf status` need not load a database's worth of code. */
export function createProgram(): Command {
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
