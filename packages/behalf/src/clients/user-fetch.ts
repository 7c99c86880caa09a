import type { Config } from "../config/read-config.js";
import { BehalfError, errorTable } from "../errors.js";
import { decodeJson, isRecord } from "../keys/json.js";
import type { Clock } from "../tokens/clock.js";
import type { Session } from "../tokens/session.js";

// For the server's time: what is not here by then is not worth waiting for.
const patience = 2000;

/**
 * The `fetch` of a user's client: every request carries the user's current token and no other, whatever headers it
 * came with. When there is no token to be had, the request is not sent and the call fails with the reason.
 */
export function createUserFetch(config: Config, session: Session, clock: Clock): typeof fetch {
  return async (input, init) => {
    const isRead = isReading(input, init);
    // A read that is refused because the clocks differ is repeated. A write never is, so the difference must be known before.
    if (!isRead) await clock.measure(() => askForTime(config));
    let token: string;
    try {
      token = await session.token();
    } catch (error) {
      return refuse(input, error);
    }
    const send = async (bearer: string): Promise<Response> => {
      const headers = new Headers(init?.headers);
      headers.set("authorization", `Bearer ${bearer}`);
      const response = await config.fetch(input, { ...init, headers });
      clock.observe(response.headers);
      return response;
    };
    const response = await send(token);
    if (response.status !== 401 || !isRead || !(await wasRefusedForTime(response))) return response;
    try {
      return await send(await session.renew());
    } catch (error) {
      return refuse(input, error);
    }
  };
}

function isReading(input: Parameters<typeof fetch>[0], init: RequestInit | undefined): boolean {
  const method = init?.method ?? (input instanceof Request ? input.method : "GET");
  return method === "GET" || method === "HEAD";
}

function askForTime({ url, publishableKey, fetch }: Config): Promise<Response> {
  const headers = publishableKey === undefined ? {} : { apikey: publishableKey };
  return fetch(`${url}/auth/v1/health`, { method: "HEAD", headers, signal: AbortSignal.timeout(patience) });
}

// Services word it differently, and a HEAD request's answer has no body: PostgREST repeats its words in a header.
async function wasRefusedForTime(response: Response): Promise<boolean> {
  const body = decodeJson(await response.clone().text());
  const words = isRecord(body) ? [body.code, body.message, body.error, body.msg] : [];
  const text = [response.headers.get("www-authenticate"), ...words].join(" ");
  return /expired|future|not yet|["']?(?:exp|iat|nbf)["']? claim/i.test(text);
}

// supabase-js would repeat a rejected read for seconds and drop the code. It passes on an answer as it is.
function refuse(input: Parameters<typeof fetch>[0], error: unknown): Response {
  if (!(error instanceof BehalfError)) throw error;
  const url = input instanceof Request ? input.url : String(input);
  // The Functions client keeps an error it is thrown as `error.context`, but never reads an answer's body.
  if (url.includes("/functions/v1/")) throw error;
  const { code, message } = error;
  const hint = Object.hasOwn(errorTable, code) ? errorTable[code as keyof typeof errorTable].cure : null;
  return Response.json({ code, message, details: null, hint }, { status: 401, statusText: code });
}
