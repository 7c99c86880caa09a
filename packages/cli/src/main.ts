import { BehalfError } from "behalf";
import { CommanderError } from "commander";
import { createProgram } from "./commands/program/program.js";
import { printError, styled } from "./commands/terminal.js";
import { UsageError } from "./errors.js";

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
