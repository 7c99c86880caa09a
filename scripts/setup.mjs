// Makes a fresh clone ready: dependencies as the lockfile says, packages built. Does nothing that is done already.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export const root = fileURLToPath(new URL("..", import.meta.url));

/** Runs a program in the workspace's root, its output on stderr; throws with the command when it fails. */
export function run(command, args, options = {}) {
  const result = spawnSync(command, args, { cwd: root, stdio: ["ignore", 2, 2], ...options });
  if (result.error) throw result.error;
  if (result.status !== 0)
    throw new Error(`${[command, ...args].join(" ")} ended with ${result.status ?? result.signal}`);
}

/** Runs a program that a dependency installed, with this very Node.js. */
export function runBin(name, args = [], options = {}) {
  run(process.execPath, [binPath(name), ...args], options);
}

function binPath(name) {
  const bins = {
    biome: "@biomejs/biome/bin/biome",
    depcruise: "dependency-cruiser/bin/dependency-cruise.mjs",
    knip: "knip/bin/knip.js",
    publint: "publint/src/cli.js",
    tsc: "typescript/bin/tsc",
    vitepress: "vitepress/bin/vitepress.js",
    vitest: "vitest/vitest.mjs",
  };
  return join(root, "node_modules", bins[name]);
}

function npm(args) {
  // npm sets npm_execpath for its scripts; without it (a script started by hand) npm is looked up on PATH.
  const cli = process.env.npm_execpath;
  if (cli?.endsWith(".js")) run(process.execPath, [cli, ...args]);
  else run("npm", args, { shell: process.platform === "win32" });
}

export function setup() {
  const stamp = join(root, "node_modules", ".installed");
  const lock = createHash("sha256")
    .update(readFileSync(join(root, "package-lock.json")))
    .digest("hex");
  if (!existsSync(stamp) || readFileSync(stamp, "utf8") !== lock) {
    console.error("Installing dependencies …");
    npm(["ci", "--no-audit", "--no-fund", "--loglevel=error"]);
    writeFileSync(stamp, lock);
  }
  runBin("tsc", ["-b", "packages/behalf", "packages/cli"]);
  run(process.execPath, ["scripts/build-console.mjs"]);
}
