// npm run dev: Supabase and Trigger.dev on this machine (behalf dev), and the app beside them. Ctrl-C ends all of it.
import { execFile, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { appendFile, readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { parseEnv, promisify } from "node:util";
import { watch } from "./build.mjs";

const root = dirname(fileURLToPath(import.meta.url));
const cli = join(dirname(fileURLToPath(import.meta.resolve("@behalf/cli/package.json"))), "bin/behalf.js");
const execute = promisify(execFile);

/** The key of grants, made once: the app seals with it, and `behalf dev` gives it to the tasks. */
async function readGrantKey() {
  const file = join(root, ".env");
  const text = await readFile(file, "utf8").catch(() => "");
  const { BEHALF_GRANT_KEY: known } = parseEnv(text);
  if (known) return known;
  const made = randomBytes(32).toString("base64url");
  await appendFile(file, `${text === "" || text.endsWith("\n") ? "" : "\n"}BEHALF_GRANT_KEY=${made}\n`);
  return made;
}

async function waitForServices() {
  for (;;) {
    const { stdout } = await execute(process.execPath, [cli, "status", "--json"], { cwd: root });
    const status = JSON.parse(stdout);
    if (status.running) return status;
    await pause(300);
  }
}

const grantKey = await readGrantKey();
const services = spawn(process.execPath, [cli, "dev"], { cwd: root, stdio: "inherit" });
/** @type {import("node:child_process").ChildProcess | undefined} */
let app;
let isEnding = false;
services.on("exit", (code) => {
  isEnding = true;
  app?.kill();
  process.exit(code ?? 1);
});
// At the terminal Ctrl-C reaches the services too; `kill` reaches this process alone.
process.on("SIGINT", () => {});
process.on("SIGTERM", () => services.kill("SIGTERM"));

const [status] = await Promise.all([waitForServices(), watch()]);
// What a host's environment holds, and no more: no key that signs tokens or passes over policies.
const environment = {
  SUPABASE_URL: status.supabaseUrl,
  SUPABASE_PUBLISHABLE_KEY: status.publishableKey,
  BEHALF_GRANT_KEY: grantKey,
  TRIGGER_API_URL: status.triggerApiUrl,
  TRIGGER_SECRET_KEY: status.triggerSecretKey,
};
if (!isEnding) {
  app = spawn(process.execPath, ["--watch", "--watch-preserve-output", "dist/server.js"], {
    cwd: root,
    stdio: "inherit",
    env: { ...process.env, ...environment },
  });
}
