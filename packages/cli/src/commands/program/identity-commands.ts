import { type Command, Option } from "commander";
import { dir } from "./options.js";

/** Tokens and keys. */
export function addIdentityCommands(program: Command): void {
  program
    .command("token")
    .description("print a user's token, minted from the environment, to debug with")
    .argument("<user-id>")
    .option("--role <role>", "the database role (default: authenticated)")
    .option("--lifetime <duration>", 'how long it lives, such as "5m" (default: 1h)')
    .option(...dir)
    .option("--json", "print one JSON object")
    .action(async (userId, options) => (await import("../token.js")).token(userId, options));
  const keys = program.command("keys").description("keys that sign tokens, and keys that seal grants");
  keys
    .command("new")
    .description("make a key in the form that Supabase imports, and say what to do with it")
    .addOption(
      new Option("--alg <algorithm>", "the algorithm").choices(["ES256", "RS256", "EdDSA"]).default("ES256"),
    )
    .option("--grant", "a pair for grants instead: private for the app, public for the workers")
    .option("--json", "print one JSON object")
    .action(async (options) => (await import("../keys.js")).newKey(options));
}
