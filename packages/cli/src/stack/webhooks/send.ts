/** A request that a transaction has left in the queue. */
export interface QueuedRequest {
  id: string;
  method: string;
  url: string;
  headers: Record<string, string> | null;
  body: Buffer | null;
  timeout_milliseconds: number;
}

/** What came back, as `net._http_response` keeps it. */
export interface Answer {
  id: string;
  status: number | null;
  contentType: string | null;
  headers: Record<string, string> | null;
  content: string | null;
  timedOut: boolean;
  error: string | null;
}

/** Sends requests, each once. */
export interface Sender {
  /** The answer, also where that is a failure; undefined for a request that `abandon` has cut off, about which nothing is known. */
  send(request: QueuedRequest): Promise<Answer | undefined>;
  /** Cuts off what hasn't been answered, now and from now on. */
  abandon(): void;
}

/** `onFailure` is told of each request that failed, in one line without its body. */
export function createSender(onFailure: (message: string) => void): Sender {
  // One controller a request, and no signal that outlives it: signals that are combined with a lasting one pile up in it.
  const open = new Set<AbortController>();
  let isAbandoned = false;

  async function send(request: QueuedRequest): Promise<Answer | undefined> {
    const controller = new AbortController();
    const { id, method, timeout_milliseconds: patience } = request;
    let isLate = false;
    const timer = setTimeout(() => {
      isLate = true;
      controller.abort();
    }, patience);
    open.add(controller);
    if (isAbandoned) controller.abort();
    try {
      const response = await fetch(request.url, {
        method,
        headers: { "user-agent": "pg_net/0.19.5", ...request.headers },
        ...(request.body ? { body: new Uint8Array(request.body) } : {}),
        signal: controller.signal,
      });
      // Postgres' text can't hold NUL.
      const content = (await response.text()).replaceAll("\0", "");
      const { status } = response;
      if (!response.ok) onFailure(`${method} ${withoutQuery(request.url)} answered ${status}`);
      const headers = Object.fromEntries(response.headers);
      const contentType = response.headers.get("content-type");
      return { id, status, contentType, headers, content, timedOut: false, error: null };
    } catch (error) {
      if (isAbandoned && !isLate) return undefined;
      const reason = isLate ? `Timeout of ${patience} ms reached` : describeError(error);
      onFailure(`${method} ${withoutQuery(request.url)}: ${reason}`);
      const nothing = { status: null, contentType: null, headers: null, content: null };
      return { id, ...nothing, timedOut: isLate, error: reason };
    } finally {
      clearTimeout(timer);
      open.delete(controller);
    }
  }

  return {
    send,
    abandon() {
      isAbandoned = true;
      for (const controller of open) controller.abort();
    },
  };
}

/** A query may carry a secret. */
function withoutQuery(url: string): string {
  return url.split("?")[0] ?? url;
}

export function describeError(error: unknown): string {
  const cause = error instanceof Error ? (error.cause ?? error) : error;
  return cause instanceof Error ? cause.message || cause.name : String(cause);
}
