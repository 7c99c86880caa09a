/** How a long-lived command ends. */
export interface Ending {
  /** Settles once everything has. */
  ended: Promise<void>;
  /** Ends everything in order; the same promise however often it is called. */
  stop(): Promise<void>;
  /** What Ctrl-C does: in order the first time, at once the second. */
  interrupt(): void;
}

/**
 * Has Ctrl-C and SIGTERM end a command by `undo`. Who asks twice doesn't want to wait: this process ends at once, and what it had started
 * ends with it, because a reaper watches over its servers and its task processes watch their parent.
 */
export function openEnding(undo: () => Promise<void>): Ending {
  let stopping: Promise<void> | undefined;
  let settle: (result: Promise<void>) => void = () => {};
  const ended = new Promise<void>((resolve) => {
    settle = resolve;
  });
  const stop = () => {
    if (stopping) return stopping;
    const undone = undo();
    stopping = undone;
    // Whoever asked for the end hears of it before the process may go.
    undone.catch(() => {}).then(() => setImmediate(settle, undone));
    return undone;
  };
  const interrupt = () => {
    if (stopping) process.exit(130);
    void stop().catch(() => {});
  };
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, interrupt);
  const release = () => {
    for (const signal of ["SIGINT", "SIGTERM"] as const) process.off(signal, interrupt);
  };
  ended.then(release, release);
  return { ended, stop, interrupt };
}
