interface Entry<I, O> {
  item: I;
  resolve(result: O): void;
  reject(reason: unknown): void;
}

/**
 * Does many small writes as few statements: what arrives while one statement is under way goes into the next. Alone, an item waits for
 * nothing. When a statement fails its items are done one by one, so that each gets its own answer.
 */
export class Batcher<I, O> {
  readonly #work: (items: I[]) => Promise<O[]>;
  readonly #most: number;
  #waiting: Entry<I, O>[] = [];
  #busy = false;

  /** @param work Writes the items, all or none, and gives their results in the same order. */
  constructor(work: (items: I[]) => Promise<O[]>, most = 500) {
    this.#work = work;
    this.#most = most;
  }

  add(item: I): Promise<O> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ item, resolve, reject });
      // After the callbacks of this turn: what comes with one message goes into one statement.
      if (!this.#busy) {
        this.#busy = true;
        setImmediate(() => void this.#drain());
      }
    });
  }

  async #drain(): Promise<void> {
    while (this.#waiting.length > 0) await this.#write(this.#waiting.splice(0, this.#most));
    this.#busy = false;
  }

  async #write(entries: Entry<I, O>[]): Promise<void> {
    try {
      const results = await this.#work(entries.map(({ item }) => item));
      for (const [index, { resolve }] of entries.entries()) resolve(results[index] as O);
    } catch (error) {
      if (entries.length === 1) entries[0]?.reject(error);
      else for (const entry of entries) await this.#write([entry]);
    }
  }
}
