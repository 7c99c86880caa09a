// A Date header is whole seconds and a moment old: a smaller difference says nothing.
const noise = 2000;

/** The server's time, as far as its answers tell. Starts as this machine's. */
export class Clock {
  #offset = 0;
  #measuring: Promise<void> | undefined;
  readonly #now: () => number;

  constructor(now: () => number = Date.now) {
    this.#now = now;
  }

  /** The server's time in milliseconds since 1970. */
  now(): number {
    return this.#now() + this.#offset;
  }

  /** How far the server is ahead of this machine, in milliseconds. */
  get offset(): number {
    return this.#offset;
  }

  /** Learns from a response. One that was cached on the way says nothing about now. */
  observe(headers: Headers): void {
    const date = headers.get("date");
    if (date === null || headers.has("age")) return;
    const difference = Date.parse(date) + 500 - this.#now();
    if (Number.isNaN(difference)) return;
    this.#offset = Math.abs(difference) < noise ? 0 : difference;
    this.#measuring = Promise.resolve();
  }

  /** Asks the server for the time, unless an answer of its has told it already. Without an answer, this machine's stands. */
  measure(ask: () => Promise<Response>): Promise<void> {
    this.#measuring ??= ask().then(
      (response) => this.observe(response.headers),
      () => undefined,
    );
    return this.#measuring;
  }
}
