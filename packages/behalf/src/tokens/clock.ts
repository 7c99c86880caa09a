// A Date header is whole seconds and a moment old: a smaller difference says nothing.
const noise = 2000;

/** The server's time, as far as its answers tell. Starts as this machine's. */
export class Clock {
  #offset = 0;
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
  }
}
