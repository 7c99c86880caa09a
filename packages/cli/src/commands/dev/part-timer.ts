import type { RuntimeEvent } from "../../runtime/index.js";
import type { StackStep } from "../../stack/index.js";
import { countTasks } from "../events.js";
import type { Reporter, Summary } from "./reporter.js";

/** Says of each part how long it took after the one before, so that their times add up to the whole. The tasks are a part, too. */
export function partTimer(reporter: Reporter) {
  const startedAt = performance.now();
  let since = startedAt;
  let ready = false;
  let loads = 0;
  const finish = (name: string, message: string) => {
    const now = performance.now();
    reporter.part({ name, message, durationMs: now - since });
    since = now;
  };
  return {
    onProgress({ name, message }: StackStep): void {
      // A function starts when it is first called, and a warning takes no time.
      if (ready || name === "warning" || name === "function") reporter.part({ name, message });
      else finish(name, message);
    },
    onEvent(event: RuntimeEvent): void {
      if (event.type === "reloaded") loads++;
      if (ready || event.type !== "reloaded") reporter.event(event);
      else finish("tasks", `${countTasks(event.tasks)} loaded`);
    },
    /** How often the task files were loaded. */
    loads: () => loads,
    ready(summary: Omit<Summary, "durationMs">): void {
      ready = true;
      reporter.ready({ ...summary, durationMs: performance.now() - startedAt });
    },
  };
}
