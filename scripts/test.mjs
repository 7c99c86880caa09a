// npm test: every check, from a bare clone on. Arguments go to vitest, which then runs alone: npm test -- tests/demo.test.ts
import { check } from "./check.mjs";
import { root, runBin, setup } from "./setup.mjs";

const filters = process.argv.slice(2);
setup();
if (filters.length === 0) check();
runBin("vitest", ["run", ...filters], { cwd: root, stdio: ["ignore", 1, 2] });
