import { setMaxListeners } from "node:events";
import { Hono } from "hono";
import { streamSSE } from "hono/streaming";
import type { Runtime, RuntimeEvent } from "../runtime/index.js";
import type { ConsoleChange } from "./contract.js";

/** How long changes gather before a page hears of them: many runs at once are one message. */
const gatherMs = 100;
const pingMs = 20_000;

/** Tells open pages what changed. They then ask for what they show. */
export function changeRoutes(runtime: Runtime, stopping: AbortSignal): Hono {
  // Each open page listens.
  setMaxListeners(0, stopping);
  return new Hono().get("/api/events", (c) =>
    streamSSE(c, async (stream) => {
      const gathered = gatherChanges(runtime);
      stream.onAbort(gathered.wake);
      stopping.addEventListener("abort", gathered.wake);
      const isOver = () => stream.aborted || stopping.aborted;
      await stream.writeSSE({ event: "ping", data: "" });
      while (!isOver()) {
        const change = await gathered.next();
        if (isOver()) break;
        await stream.writeSSE(
          change ? { event: "changed", data: JSON.stringify(change) } : { event: "ping", data: "" },
        );
        await stream.sleep(gatherMs);
      }
      stopping.removeEventListener("abort", gathered.wake);
      gathered.stop();
    }),
  );
}

/** What changed since it was last asked, for one page. */
function gatherChanges(runtime: Runtime) {
  const runs = new Set<string>();
  let tasks = false;
  let wake = () => {};
  const stop = runtime.subscribe((event) => {
    const run = runOf(event);
    if (run !== undefined) runs.add(run);
    if (event.type === "reloaded") tasks = true;
    if (run !== undefined || tasks) wake();
  });
  return {
    stop,
    wake: () => wake(),
    /** The next changes; undefined: none for a while, or woken without any. */
    async next(): Promise<ConsoleChange | undefined> {
      if (runs.size === 0 && !tasks) {
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, pingMs);
          wake = () => {
            clearTimeout(timer);
            resolve();
          };
        });
      }
      if (runs.size === 0 && !tasks) return undefined;
      const change = { runs: [...runs], tasks };
      runs.clear();
      tasks = false;
      return change;
    },
  };
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
