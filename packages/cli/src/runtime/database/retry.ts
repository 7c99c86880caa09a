import { setTimeout as sleep } from "node:timers/promises";

/** Codes of errors that say nothing about the statement: the connection was lost, or Postgres starts or stops. */
const passing = /^(08...|57P0[123]|53300|40001|40P01|ECONNREFUSED|ECONNRESET|EPIPE|ENOENT|ETIMEDOUT)$/;

/** Whether the same statement may succeed once Postgres is back. */
export function isPassing(error: unknown): boolean {
  const { code, message } = error as { code?: string; message?: string };
  return passing.test(code ?? "") || /Connection terminated|connection timeout/i.test(message ?? "");
}

/** Repeats `work` while Postgres says that it starts up or recovers, for a while. */
export async function onceReady<T>(work: () => Promise<T>, patience = 30_000): Promise<T> {
  const until = Date.now() + patience;
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if ((error as { code?: string }).code !== "57P03" || Date.now() > until) throw error;
      await sleep(100);
    }
  }
}

/** Repeats `work` while Postgres is away: the end of a run must be written down, however long it takes. */
export async function untilWritten<T>(work: () => Promise<T>, stopped: () => boolean): Promise<T> {
  for (let wait = 20; ; wait = Math.min(wait * 2, 1000)) {
    try {
      return await work();
    } catch (error) {
      if (!isPassing(error) || stopped()) throw error;
      await sleep(wait);
    }
  }
}
