import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["packages/*/src/**/*.test.ts", "tests/**/*.test.ts", "examples/*/tests/**/*.test.ts"],
    // Real servers on a shared machine: a limit here only ends what hangs, it never measures.
    testTimeout: 180_000,
    hookTimeout: 240_000,
    teardownTimeout: 60_000,
    expect: { poll: { timeout: 60_000, interval: 50 } },
    pool: "forks",
    maxWorkers: 3,
  },
});
