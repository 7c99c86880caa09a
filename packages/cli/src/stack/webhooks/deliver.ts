import { setTimeout as sleep } from "node:timers/promises";
import { Pool } from "pg";
import { Bell } from "./bell.js";
import { batch, Queue } from "./queue.js";
import { type Answer, createSender, describeError, type QueuedRequest } from "./send.js";

export interface WebhooksOptions {
  /** Connection string of the superuser: the queue is nobody else's. */
  databaseUrl: string;
  /** Told of each request that failed, in one line without its body. */
  onFailure: (message: string) => void;
}

/** Each works through a batch of its own, so that a receiver that doesn't answer holds up one of them and not all. */
const lanes = 4;
/** Requests that a lane sends at a time. */
const parallel = 8;
/** How long a stop waits for answers. What has none by then stays in the queue. */
const patience = 1_000;
const beforeTryingAgain = 1_000;
/** The first pause of a lane that looks again, which doubles up to the longest. */
const betweenLooks = 20;
const longestPause = 200;
const betweenCleanings = 60_000;

/**
 * Delivers Database Webhooks while it runs: as pg_net does, without order between them and without a second attempt for what was
 * answered, or failed. What is queued while nobody delivers waits. What was being sent when the process died is sent again, as
 * pg_net does when its worker dies; unlike pg_net's, the queue also outlives a crash of Postgres.
 */
export function deliverWebhooks({ databaseUrl, onFailure }: WebhooksOptions): { stop(): Promise<void> } {
  const pool = new Pool({ connectionString: databaseUrl, max: lanes });
  pool.on("error", () => {});
  // While a lane waits for answers nobody else hears of a connection that is lost; its next query fails.
  pool.on("connect", (client) => client.on("error", () => {}));
  const bell = new Bell(databaseUrl);
  const queue = new Queue(pool);
  const sender = createSender(onFailure);
  const running = new Set<Promise<void>>();
  /** Lanes that found nothing and look again now and then: one is enough. */
  let lookouts = 0;
  let isStopping = false;
  let isFailing = false;
  let retry: NodeJS.Timeout | undefined;
  let cleanedAt = Date.now();

  function wake(): void {
    if (isStopping || running.size >= lanes) return;
    const lane = work()
      .catch(fail)
      .finally(() => running.delete(lane));
    running.add(lane);
  }

  /** Says so once, and tries again until it works. */
  function fail(error: unknown): void {
    if (isStopping) return;
    if (!isFailing) onFailure(`the queue can't be read: ${describeError(error)}`);
    isFailing = true;
    clearTimeout(retry);
    retry = setTimeout(() => {
      listening = listen().catch(fail);
    }, beforeTryingAgain);
  }

  async function work(): Promise<void> {
    let pause = betweenLooks;
    while (!isStopping) {
      await bell.mute();
      const taken = await queue.take(sendAll);
      isFailing = false;
      if (taken > 0) {
        pause = betweenLooks;
        await clean();
        continue;
      }
      // Nothing may be left because it was passed by.
      if (queue.rewind()) continue;
      if (await isOver(pause)) return;
      pause = Math.min(pause * 2, longestPause);
    }
  }

  /** For a lane that has found nothing: whether it can end. The last one has to see to it that somebody wakes it. */
  async function isOver(pause: number): Promise<boolean> {
    if (running.size > 1) {
      if (lookouts > 0) return true;
      lookouts++;
      await sleep(pause);
      lookouts--;
      return false;
    }
    await bell.unmute();
    if (await bell.isAwaited()) {
      await sleep(pause);
      return false;
    }
    return (await queue.take(sendAll)) === 0;
  }

  async function clean(): Promise<void> {
    if (Date.now() - cleanedAt < betweenCleanings) return;
    cleanedAt = Date.now();
    await queue.forgetOldAnswers();
  }

  async function sendAll(requests: QueuedRequest[]): Promise<Answer[]> {
    // There may be more than one lane's worth; and while this one waits for answers somebody has to look, for nobody rings.
    if (requests.length === batch) wake();
    const relief = setTimeout(wake, betweenLooks);
    const waiting = requests.values();
    const answers: Answer[] = [];
    const sendOn = async () => {
      for (const request of waiting) {
        if (isStopping) return;
        const answer = await sender.send(request);
        if (answer) answers.push(answer);
      }
    };
    await Promise.all(Array.from({ length: parallel }, sendOn));
    clearTimeout(relief);
    return answers;
  }

  async function listen(): Promise<void> {
    await bell.listen(wake, () => fail(new Error("the connection was lost")));
    await queue.forgetOldAnswers();
    wake();
  }
  // A start doesn't wait for it: what is queued until then is found in the queue.
  let listening = listen().catch(fail);

  return {
    async stop() {
      isStopping = true;
      clearTimeout(retry);
      await listening;
      const timer = setTimeout(() => sender.abandon(), patience);
      await Promise.all(running);
      clearTimeout(timer);
      await bell.close();
      await pool.end();
    },
  };
}
