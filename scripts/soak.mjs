// npm run soak: the slow tests, tests/*.soak.ts.
import { root, runBin, setup } from "./setup.mjs";

setup();
runBin("vitest", ["run", "--config", "vitest.soak.config.ts", ...process.argv.slice(2)], {
  cwd: root,
  stdio: ["ignore", 1, 2],
});
