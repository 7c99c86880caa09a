import { Client, Pool } from "pg";

/** A request that a transaction has left in the queue. */
interface QueuedRequest {
  id: string;
  method: string;
  url: string;
  headers: Record<string, string> | null;
  body: Buffer | null;
  timeout_milliseconds: number;
}

interface Answer {
  status: number | null;
  contentType: string | null;
  headers: Record<string, string> | null;
  content: string | null;
  timedOut: boolean;
  error: string | null;
}

export interface WebhooksOptions {
  /** Connection string of the superuser: the queue is nobody else's. */
  databaseUrl: string;
  /** Told of each request that failed, in one line without its body. */
  onFailure: (message: string) => void;
}

/** Requests sent at a time. pg_net sends 200 a second; who receives them is on this machine. */
const parallel = 16;
/** Answers are kept for six hours, as pg_net does. */
const keepAnswers = "6 hours";

/**
 * Delivers Database Webhooks while it runs, each once: as pg_net does, without order between them and without a second attempt. What is queued while nobody delivers
 * waits; what was being sent when the process died is lost, there as here.
 */
export function deliverWebhooks({ databaseUrl, onFailure }: WebhooksOptions): { stop(): Promise<void> } {
  const pool = new Pool({ connectionString: databaseUrl, max: 4 });
  pool.on("error", () => {});
  const listener = new Client({ connectionString: databaseUrl });
  listener.on("error", () => {});

  const stopping = new AbortController();
  let draining: Promise<void> | undefined;
  let again = false;

  const drain = () => {
    again = true;
    draining ??= work()
      .catch((error) => {
        if (!stopping.signal.aborted) onFailure(`the queue can't be read: ${describe(error)}`);
      })
      .finally(() => {
        draining = undefined;
      });
  };

  async function work(): Promise<void> {
    while (again && !stopping.signal.aborted) {
      again = false;
      const requests = await take();
      if (requests.length === 0) continue;
      again = true;
      const answers = await Promise.all(requests.map(send));
      await keep(requests, answers);
    }
  }

  async function take(): Promise<QueuedRequest[]> {
    const { rows } = await pool.query<QueuedRequest>(
      `delete from net.http_request_queue where id in (
         select id from net.http_request_queue order by id limit $1 for update skip locked
       ) returning *`,
      [parallel],
    );
    return rows.sort((a, b) => Number(a.id) - Number(b.id));
  }

  async function send(request: QueuedRequest): Promise<Answer> {
    const nothing = { status: null, contentType: null, headers: null, content: null };
    const patience = AbortSignal.timeout(request.timeout_milliseconds);
    try {
      const response = await fetch(request.url, {
        method: request.method,
        headers: { "user-agent": "pg_net/0.19.5", ...request.headers },
        ...(request.body ? { body: new Uint8Array(request.body) } : {}),
        signal: AbortSignal.any([patience, stopping.signal]),
      });
      const content = await response.text();
      if (!response.ok)
        onFailure(`${request.method} ${withoutQuery(request.url)} answered ${response.status}`);
      return {
        status: response.status,
        contentType: response.headers.get("content-type"),
        headers: Object.fromEntries(response.headers),
        content,
        timedOut: false,
        error: null,
      };
    } catch (error) {
      const timedOut = patience.aborted;
      const reason = timedOut ? `Timeout of ${request.timeout_milliseconds} ms reached` : describe(error);
      onFailure(`${request.method} ${withoutQuery(request.url)}: ${reason}`);
      return { ...nothing, timedOut, error: reason };
    }
  }

  async function keep(requests: QueuedRequest[], answers: Answer[]): Promise<void> {
    const rows = requests.map(({ id }, index) => ({ id, ...answers[index] }));
    await pool.query(
      `insert into net._http_response (id, status_code, content_type, headers, content, timed_out, error_msg)
       select r.id, r.status, r."contentType", r.headers, r.content, r."timedOut", r.error
       from jsonb_to_recordset($1) as r (id bigint, status integer, "contentType" text, headers jsonb, content text, "timedOut" boolean, error text)`,
      // Postgres' text can't hold NUL.
      [JSON.stringify(rows).replaceAll("\\u0000", "")],
    );
  }

  async function listen(): Promise<void> {
    await listener.connect();
    listener.on("notification", drain);
    await listener.query("listen net_http_request");
    await pool.query("delete from net._http_response where created < now() - $1::interval", [keepAnswers]);
    drain();
  }
  // A start doesn't wait for it: what is queued until then is found in the queue.
  const listening = listen().catch((error) => onFailure(`nothing is delivered: ${describe(error)}`));

  return {
    async stop() {
      await listening;
      stopping.abort();
      await listener.end().catch(() => {});
      await draining;
      await pool.end();
    },
  };
}

/** A query may carry a secret. */
function withoutQuery(url: string): string {
  return url.split("?")[0] ?? url;
}

function describe(error: unknown): string {
  const cause = error instanceof Error ? (error.cause ?? error) : error;
  return cause instanceof Error ? cause.message || cause.name : String(cause);
}
