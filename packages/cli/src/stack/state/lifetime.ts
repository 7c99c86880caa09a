/** What was started, and how to undo it: newest first, all of it, once. */
export class Lifetime {
  #steps: (() => unknown)[] = [];
  #ending: Promise<void> | undefined;

  add(step: () => unknown): void {
    this.#steps.push(step);
  }

  /** A step that fails doesn't keep the others from being taken; its error is thrown at the end. */
  end(): Promise<void> {
    this.#ending ??= this.#undoAll();
    return this.#ending;
  }

  async #undoAll(): Promise<void> {
    const failures: unknown[] = [];
    for (const step of this.#steps.reverse()) {
      try {
        await step();
      } catch (error) {
        failures.push(error);
      }
    }
    if (failures.length > 0) throw failures[0];
  }
}
