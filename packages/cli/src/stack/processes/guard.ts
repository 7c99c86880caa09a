import type { Lifetime } from "../state/lifetime.js";
import type { ManagedProcess } from "./managed-process.js";
import { startReaper } from "./reaper.js";

/** Sees to it that a server neither outlives us nor ends unnoticed. */
export type Guard = (server: {
  process: ManagedProcess;
  stop(): Promise<void>;
  /** What helps when it ends by itself. Default: to start the whole stack again. */
  cure?: string;
}) => void;

export function startGuard(lifetime: Lifetime, warn: (message: string) => void): Guard {
  const reaper = startReaper();
  lifetime.add(reaper.dismiss);
  return ({ process: server, stop, cure = "Stop the stack and start it again." }) => {
    lifetime.add(stop);
    const { pid } = server;
    if (pid === undefined) return;
    reaper.watch(pid);
    void server.ended.then(() => {
      reaper.forget(pid);
      if (!server.stopped) warn(`${server.name} ended unexpectedly (${server.ending}). ${cure}`);
    });
  };
}
