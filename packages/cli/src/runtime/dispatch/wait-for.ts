import type { Areas } from "../api/areas.js";
import type { RunService } from "../runs/service.js";
import type { WaitResult, WaitTarget } from "../worker/messages.js";

/** Resolves waits of runs: other runs, batches, moments and tokens. */
export function createWaitFor(options: {
  runs: RunService;
  areas: Pick<Areas, "waitForBatch" | "waitForWaitpoint">;
}): (target: WaitTarget) => Promise<WaitResult> {
  const { runs, areas } = options;
  return async (target) => {
    switch (target.kind) {
      case "run":
        return { kind: "run", result: await runs.resultOf(target.id) };
      case "batch":
        return { kind: "batch", results: await areas.waitForBatch(target.id) };
      case "waitpoint":
        return areas.waitForWaitpoint(target.id);
    }
  };
}
