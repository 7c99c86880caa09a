/** What is needed of a terminal's input, such as `process.stdin`. */
export interface KeyInput {
  setRawMode?(on: boolean): unknown;
  on(event: "data", listener: (chunk: Buffer | string) => void): unknown;
  off(event: "data", listener: (chunk: Buffer | string) => void): unknown;
  resume(): unknown;
  pause(): unknown;
}

/**
 * Calls an action for each key that is pressed, until the function it returns is called. In raw mode the terminal sends Ctrl-C as a character, so it has
 * to be among the keys.
 */
export function listenForKeys(input: KeyInput, actions: ReadonlyMap<string, () => unknown>): () => void {
  const onData = (chunk: Buffer | string) => {
    for (const key of String(chunk)) actions.get(key)?.();
  };
  input.setRawMode?.(true);
  input.on("data", onData);
  input.resume();
  return () => {
    input.off("data", onData);
    input.setRawMode?.(false);
    input.pause();
  };
}
