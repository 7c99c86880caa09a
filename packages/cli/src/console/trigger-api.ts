import { ConsoleFailure } from "./failure.js";

/** A run as the Trigger.dev API shows it, as far as the console shows it, too. */
export interface ApiRun {
  id: string;
  status: string;
  taskIdentifier: string;
  attemptCount: number;
  tags: string[];
  createdAt: string;
  startedAt?: string;
  finishedAt?: string;
  durationMs: number;
  isTest: boolean;
  isCompleted: boolean;
  isSuccess: boolean;
  metadata: Record<string, unknown>;
}

export interface ApiRunPage extends ApiRun {
  payload?: unknown;
  payloadPresignedUrl?: string;
  output?: unknown;
  outputPresignedUrl?: string;
  error?: { name?: string; message: string; stackTrace?: string };
  relatedRuns: { parent?: ApiRun; children: ApiRun[] };
}

/** Asks the runtime by the API that the SDK uses, so that the console shows what any client would see. */
export class TriggerApi {
  readonly #url: string;
  readonly #secretKey: string;

  constructor({ apiUrl, secretKey }: { apiUrl: string; secretKey: string }) {
    this.#url = apiUrl;
    this.#secretKey = secretKey;
  }

  get<T>(path: string, query: [name: string, value: string][] = []): Promise<T> {
    const search = new URLSearchParams(query).toString();
    return this.#ask<T>("GET", search ? `${path}?${search}` : path);
  }

  post<T>(path: string, body: unknown = {}): Promise<T> {
    return this.#ask<T>("POST", path, JSON.stringify(body));
  }

  async #ask<T>(method: string, path: string, body?: string): Promise<T> {
    const response = await fetch(this.#url + path, {
      method,
      headers: { authorization: `Bearer ${this.#secretKey}`, "content-type": "application/json" },
      ...(body === undefined ? {} : { body }),
    });
    if (response.ok) return (await response.json()) as T;
    const { error } = (await response.json().catch(() => ({}))) as { error?: string };
    const message = error ?? `The runtime answered ${response.status}.`;
    throw new ConsoleFailure(response.status === 404 ? 404 : 422, "ERR_CONSOLE_REQUEST", message);
  }
}
