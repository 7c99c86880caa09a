/** Looks for what is ready, one at a time: when asked to, and at moments known beforehand. */
export class Passes {
  readonly #look: () => Promise<void>;
  readonly #timers = new Set<NodeJS.Timeout>();
  #pass: Promise<void> | undefined;
  #again: Promise<void> | undefined;

  constructor(look: () => Promise<void>) {
    this.#look = look;
  }

  /** Resolves after a look that began after this call; calls in between share one. */
  run(): Promise<void> {
    if (!this.#pass) {
      this.#pass = this.#look().finally(() => {
        this.#pass = undefined;
      });
      return this.#pass;
    }
    this.#again ??= this.#pass
      .catch(() => {})
      .then(() => {
        this.#again = undefined;
        return this.run();
      });
    return this.#again;
  }

  /** Looks in the background; Postgres being away is the sweep's to notice. */
  wake(): void {
    this.run().catch(() => {});
  }

  /** Looks at that moment. Only spares the wait for the next sweep: the job in the database is what counts. */
  wakeAt(moment: Date): void {
    const delay = moment.getTime() - Date.now();
    if (delay <= 0) this.wake();
    if (delay <= 0 || delay > 10_000) return;
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      this.wake();
    }, delay);
    this.#timers.add(timer);
  }

  /** Resolves between two looks. */
  async idle(): Promise<void> {
    while (this.#pass) await this.#pass.catch(() => {});
  }

  /** Forgets the moments. */
  async stop(): Promise<void> {
    for (const timer of this.#timers) clearTimeout(timer);
    await this.idle();
  }
}
