import { randomUUID } from "node:crypto";
import { type Column, type StreamedRun, toShape } from "./shape.js";

type Shape = ReturnType<typeof toShape>;

/** A change as Electric's protocol says it. */
export interface ChangeMessage {
  key: string;
  value: Shape;
  headers: { operation: "insert" | "update" };
}

/** A client that forgets to come back is forgotten after this many milliseconds. */
const idleTimeout = 5 * 60_000;

/** What one client has been sent so far. */
export class Subscription {
  readonly handle = randomUUID();
  #sent = new Map<string, Shape>();
  #offset = 0;
  lastSeen = Date.now();

  get offset(): string {
    return `${this.#offset}_0`;
  }

  /** What the client doesn't know yet: whole rows that are new, the changed columns of others. */
  changesOf(rows: StreamedRun[], skip: ReadonlySet<string>): ChangeMessage[] {
    const messages: ChangeMessage[] = [];
    for (const row of rows) {
      const shape = toShape(row, skip);
      const before = this.#sent.get(row.id);
      const changed = before ? difference(before, shape) : shape;
      if (Object.keys(changed).length === 0) continue;
      this.#sent.set(row.id, shape);
      const operation = before ? "update" : "insert";
      messages.push({ key: `"public"."TaskRun"/"${row.id}"`, value: changed, headers: { operation } });
    }
    if (messages.length > 0) this.#offset += 1;
    return messages;
  }
}

function difference(before: Shape, after: Shape): Shape {
  const changed = Object.entries(after).filter(([name, value]) => before[name as Column] !== value);
  return Object.fromEntries(changed);
}

/** Subscriptions by the handle their clients come back with. */
export class Subscriptions {
  readonly #byHandle = new Map<string, Subscription>();

  open(): Subscription {
    this.#forgetIdle();
    const subscription = new Subscription();
    this.#byHandle.set(subscription.handle, subscription);
    return subscription;
  }

  /** Undefined for a handle of before a restart: the client has to begin anew. */
  find(handle: string): Subscription | undefined {
    const subscription = this.#byHandle.get(handle);
    if (subscription) subscription.lastSeen = Date.now();
    return subscription;
  }

  #forgetIdle(): void {
    const oldest = Date.now() - idleTimeout;
    for (const [handle, { lastSeen }] of this.#byHandle) {
      if (lastSeen < oldest) this.#byHandle.delete(handle);
    }
  }
}
