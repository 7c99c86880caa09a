import { mergeConfig } from "vitest/config";
import base from "./vitest.config.ts";

const config = mergeConfig(base, { test: { testTimeout: 1_800_000, maxWorkers: 1 } });
// mergeConfig appends arrays; the slow tests are run instead of the quick ones, not beside them.
if (config.test) config.test.include = ["tests/**/*.soak.ts"];
export default config;
