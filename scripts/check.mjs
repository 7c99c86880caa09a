// The checks that need no server: format and lint, types, import rules, unused code, the packages' manifests, the docs site.
import { fileURLToPath } from "node:url";
import { runBin, setup } from "./setup.mjs";

const checks = [
  ["biome", ["ci", "--colors=off", "."]],
  ["tsc", ["-p", "tsconfig.json"]],
  ["tsc", ["-p", "packages/cli/src/console/page"]],
  ["tsc", ["-p", "examples/web-app"]],
  ["depcruise", ["packages", "--config", ".dependency-cruiser.cjs", "--output-type", "err"]],
  ["knip", ["--no-progress"]],
  ["publint", ["packages/behalf"]],
  ["publint", ["packages/cli"]],
  ["vitepress", ["build", "docs"]],
];

export function check() {
  for (const [name, args] of checks) {
    console.error(`> ${name} ${args.join(" ")}`);
    runBin(name, args);
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  setup();
  check();
}
