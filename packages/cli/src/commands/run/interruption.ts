/** Ctrl-C and SIGTERM while a command works: asked to stop the first time, ended at once the second. */
export interface Interruption {
  /** Aborted the first time. */
  signal: AbortSignal;
  /** Leaves the signals alone again. */
  release(): void;
}

/** The exit code of who was interrupted: 128 and the number of SIGINT. */
export const interruptedCode = 130;

export function listenForInterrupts(): Interruption {
  const controller = new AbortController();
  const interrupt = () => {
    if (controller.signal.aborted) process.exit(interruptedCode);
    controller.abort();
  };
  const signals = ["SIGINT", "SIGTERM"] as const;
  for (const signal of signals) process.on(signal, interrupt);
  return {
    signal: controller.signal,
    release() {
      for (const signal of signals) process.off(signal, interrupt);
    },
  };
}
