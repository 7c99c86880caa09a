import type { ErrorEntry } from "behalf";
import type { ConsoleFailureCode } from "./console/failure.js";
import type { UsageErrorCode } from "./errors.js";
import type { RuntimeErrorCode } from "./runtime/errors.js";
import type { StackErrorCode } from "./stack/errors.js";

/** Every code of the command line and what it runs, with its cause and its cure. `docs/errors.md` is made from this and behalf's own table. */
export const cliErrorTable: Record<
  UsageErrorCode | StackErrorCode | RuntimeErrorCode | ConsoleFailureCode,
  ErrorEntry
> = {
  ERR_USAGE_DEPLOY: {
    cause: "`behalf deploy` was called without --check, and deploys nothing itself.",
    cure: "behalf deploy --check, then the commands that the message lists.",
  },
  ERR_USAGE_ENV_FILE: {
    cause: "A file of variables that was named isn't there.",
    cure: "Name one that is there, relative to the project's folder.",
  },
  ERR_USAGE_HEAD: {
    cause: "The file of --head can't be read, or isn't what `behalf audit head` printed.",
    cure: "Keep the output of `behalf audit head` unedited, and pass that file.",
  },
  ERR_USAGE_NO_DATABASE: {
    cause: "The command reads the database, and none is named, none runs, or it can't be reached.",
    cure: "Start `behalf dev`, or set SUPABASE_DB_URL to the project's connection string.",
  },
  ERR_USAGE_NO_FOLDER: {
    cause: "The folder that --dir names isn't there, or a file has the name of a folder that is needed.",
    cure: "Name the project's folder; move the file away.",
  },
  ERR_USAGE_NO_PROJECT: {
    cause: "The folder holds neither supabase/ nor trigger.config.ts.",
    cure: "Go to a project's folder, or make one with `behalf init`.",
  },
  ERR_USAGE_NO_SCHEMA: {
    cause: "The database has no schema of that name.",
    cure: "Name schemas that the migrations make.",
  },
  ERR_USAGE_NOT_RUNNING: {
    cause: "The command speaks to the running `behalf dev` of the folder, and none runs.",
    cure: "Start it with `behalf dev`, or name its folder with --dir.",
  },
  ERR_USAGE_PAYLOAD: {
    cause: "--payload isn't JSON.",
    cure: "Put the JSON in single quotes, so that the shell leaves it alone.",
  },
  ERR_USAGE_RUNNING: {
    cause: "`behalf dev` runs for this folder already.",
    cure: "Use that one, or end it with `behalf stop`.",
  },
  ERR_USAGE_SCOPE: {
    cause: "--scope narrows the grant that --as seals, and there is no --as.",
    cure: "Name the user with --as.",
  },
  ERR_USAGE_UNKNOWN_RUN: {
    cause: "No run of this project has this id, or more than one has an id that begins so.",
    cure: "Take an id that `behalf runs` lists.",
  },
  ERR_USAGE_UNKNOWN_TASK: {
    cause: "No task file of the project has a task with this id.",
    cure: "Take one of the ids that the message lists.",
  },
  ERR_USAGE_WORKER: {
    cause:
      "A worker lacks what it needs of the first machine, can't reach it, or was given the database of another.",
    cure: "Put what `behalf status --env` prints there into the worker's environment.",
  },
  ERR_STACK_RUNNING: {
    cause: "Another process runs the stack of this directory.",
    cure: "Use that one, or stop it first: two would write to the same database files.",
  },
  ERR_STACK_PORT_BUSY: {
    cause: "Another program has the port.",
    cure: "Take another one, or none: a free one is found.",
  },
  ERR_STACK_NO_POSTGRES: {
    cause: "There are no Postgres binaries for this platform, or they can't be run.",
    cure: "Install dependencies again with optional ones included.",
  },
  ERR_STACK_NO_POSTGREST: {
    cause: "PostgREST was found neither by BEHALF_POSTGREST, nor on PATH, nor among the packages.",
    cure: "Install it with the command that the message names.",
  },
  ERR_STACK_NO_DENO: {
    cause: "The project has Edge Functions, and no Deno was found or could be installed.",
    cure: "Install Deno, or name it in BEHALF_DENO.",
  },
  ERR_STACK_NO_ACCOUNT: {
    cause: "Postgres refuses to run as root, and this machine has no account to run it as.",
    cure: "Run as an ordinary user, or create an account named postgres.",
  },
  ERR_STACK_START_FAILED: {
    cause: "Postgres or PostgREST ended, or did not answer, while starting.",
    cure: "The message quotes what it said last.",
  },
  ERR_STACK_STATE_DAMAGED: {
    cause: "A file that keeps the project's keys can't be read.",
    cure: "Start over with `behalf dev --fresh`.",
  },
  ERR_STACK_PASSWORD_MISMATCH: {
    cause: "The database doesn't accept the passwords that are kept for it.",
    cure: "Start over with `behalf dev --fresh`, or put the kept file back.",
  },
  ERR_STACK_CONFIG_INVALID: {
    cause: "supabase/config.toml can't be read, or a setting in it has no sense.",
    cure: "Correct the line that the message names.",
  },
  ERR_STACK_MIGRATION_FAILED: {
    cause: "A migration's statement failed. Nothing of that file was applied.",
    cure: "Correct the line that the message names and start again.",
  },
  ERR_STACK_MIGRATION_NAME: {
    cause: "A migration's file name doesn't begin with a version, or two have the same.",
    cure: "Name it <version>_<name>.sql, as `supabase migration new` does.",
  },
  ERR_STACK_SEED_FAILED: {
    cause: "The seed failed. Nothing of it was applied.",
    cure: "Correct the line that the message names and start again.",
  },
  ERR_RUNTIME_DATABASE: {
    cause: "The runtime's own database can't be reached or prepared.",
    cure: "See the error's `cause`; the database may have stopped.",
  },
  ERR_RUNTIME_PORT: {
    cause: "Another program has the port.",
    cure: "Take another one, or none: a free one is found.",
  },
  ERR_RUNTIME_WORKER: {
    cause: "The process that runs tasks ended while starting.",
    cure: "The message quotes what it said last.",
  },
  ERR_RUNTIME_NO_RUN: {
    cause: "There is no run with this id.",
    cure: "Check the id, and which project it belongs to.",
  },
  ERR_CONSOLE_HOST: {
    cause:
      "The console was asked by another name than 127.0.0.1 or localhost, as a page does whose name was made to point here.",
    cure: "Open the URL that `behalf dev` prints.",
  },
  ERR_CONSOLE_ORIGIN: {
    cause: "A page of another site asked the console for something.",
    cure: "Use the console's own page. Scripts use the API of Trigger.dev, with its secret key.",
  },
  ERR_CONSOLE_TOKEN: {
    cause: "The browser has no cookie of this start of the console.",
    cure: "Open the URL that `behalf dev` prints, or `behalf status`: each start has a new one.",
  },
  ERR_CONSOLE_REQUEST: {
    cause: "What the console was asked for can't be had; the message says why.",
    cure: "Do what the message says.",
  },
};
