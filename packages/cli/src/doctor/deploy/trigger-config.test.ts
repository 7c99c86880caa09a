import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { readTriggerConfig } from "./trigger-config.js";

const folder = mkdtempSync(join(tmpdir(), "behalf-config-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const whole = { project: "proj_x", maxDuration: 60, dirs: ["./a"] };
const unknown = { project: null, maxDuration: null };

test.each<[what: string, text: string, expected: object]>([
  [
    "through defineConfig",
    `export default defineConfig({ project: "proj_x", maxDuration: 60, dirs: ["./a"] });`,
    whole,
  ],
  [
    "a bare object",
    `export default { project: "proj_x", maxDuration: 60, dirs: ["./a"] } satisfies object;`,
    whole,
  ],
  [
    "in a variable",
    `const config: TriggerConfig = { project: \`proj_x\`, maxDuration: 60, dirs: ["./a"] };\nexport default config;`,
    whole,
  ],
  [
    "named as the default",
    `const config = defineConfig({ project: "proj_x" });\nexport { config as default };`,
    { project: "proj_x" },
  ],
  ["a variable of the environment", `export default { project: process.env.REF! };`, { project: "proj_env" }],
  [
    "one with another value beside it",
    `export default { project: process.env.NONE ?? "proj_x" };`,
    { project: "proj_x" },
  ],
  ["nothing said", `export default {};`, { project: undefined, maxDuration: undefined, dirs: undefined }],
  ["what has to be run", `export default { project: ref(), maxDuration: 60 * 5 };`, unknown],
  ["spread from elsewhere", `export default { ...base };`, unknown],
  ["made by a function", `export default makeConfig();`, unknown],
  ["no syntax at all", `export default {`, unknown],
])("%s", async (_, text, expected) => {
  writeFileSync(join(folder, "trigger.config.ts"), text);
  expect(await readTriggerConfig(folder, { REF: "proj_env" })).toMatchObject({
    file: "trigger.config.ts",
    ...expected,
  });
});

test("no config", async () => {
  rmSync(join(folder, "trigger.config.ts"));
  expect(await readTriggerConfig(folder, {})).toBeUndefined();
});
