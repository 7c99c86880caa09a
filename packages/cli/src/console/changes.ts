import { Hono } from "hono";
import { streamSSE } from "hono/streaming";
import type { Runtime, RuntimeEvent } from "../runtime/index.js";
import type { ConsoleChange } from "./contract.js";

/** How long changes gather before a page hears of them: many runs at once are one message. */
const gatherMs = 100;
const pingMs = 20_000;

/** Tells open pages what changed. They then ask for what they show. */
export function changeRoutes(runtime: Runtime, stopping: AbortSignal): Hono {
  return new Hono().get("/api/events", (c) =>
    streamSSE(c, async (stream) => {
      const runs = new Set<string>();
      let tasks = false;
      let wake = () => {};
      const unsubscribe = runtime.subscribe((event) => {
        const run = runOf(event);
        if (run !== undefined) runs.add(run);
        if (event.type === "reloaded") tasks = true;
        if (run !== undefined || tasks) wake();
      });
      stream.onAbort(() => wake());
      stopping.addEventListener("abort", () => wake(), { once: true });
      await stream.writeSSE({ event: "ping", data: "" });
      while (!stream.aborted && !stopping.aborted) {
        if (runs.size > 0 || tasks) {
          const change: ConsoleChange = { runs: [...runs], tasks };
          runs.clear();
          tasks = false;
          await stream.writeSSE({ event: "changed", data: JSON.stringify(change) });
          await stream.sleep(gatherMs);
          continue;
        }
        const silent = await Promise.race([
          new Promise<false>((resolve) => {
            wake = () => resolve(false);
          }),
          stream.sleep(pingMs).then(() => true),
        ]);
        if (silent) await stream.writeSSE({ event: "ping", data: "" });
      }
      unsubscribe();
    }),
  );
}

function runOf(event: RuntimeEvent): string | undefined {
  switch (event.type) {
    case "log":
      return event.run;
    case "request":
      return event.request.run;
    case "run-queued":
    case "run-started":
    case "run-waiting":
    case "run-retrying":
    case "run-finished":
      return event.id;
    default:
      return undefined;
  }
}
