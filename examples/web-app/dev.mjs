// npm run dev: Supabase and Trigger.dev on this machine (behalf dev), and the app beside them. Ctrl-C ends all of it.
import { execFile, spawn } from "node:child_process";
import { dirname, join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { watch } from "./build.mjs";

const root = dirname(fileURLToPath(import.meta.url));
const cli = join(dirname(fileURLToPath(import.meta.resolve("@behalf/cli/package.json"))), "bin/behalf.js");
const execute = promisify(execFile);

async function waitForServices() {
  for (;;) {
    const { stdout } = await execute(process.execPath, [cli, "status", "--json"], { cwd: root });
    const status = JSON.parse(stdout);
    if (status.running) return status;
    await pause(300);
  }
}

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
  BEHALF_GRANT_KEY: status.grantKey,
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
