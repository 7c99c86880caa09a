// npm run bench [name …]: bench/<name>.bench.mjs, one after the other, each in a process of its own.
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { root, run, setup } from "./setup.mjs";

setup();
const all = readdirSync(join(root, "bench"))
  .filter((file) => file.endsWith(".bench.mjs"))
  .map((file) => file.replace(".bench.mjs", ""));
const names = process.argv.slice(2);
const unknown = names.filter((name) => !all.includes(name));
if (unknown.length > 0) {
  console.error(`No such benchmark: ${unknown.join(", ")}. There are: ${all.join(", ")}.`);
  process.exit(2);
}
for (const name of names.length > 0 ? names : all) {
  console.log(`\n# ${name}`);
  run(process.execPath, ["--expose-gc", join("bench", `${name}.bench.mjs`)], { stdio: ["ignore", 1, 2] });
}
