/** A refusal of the console's server, or that it couldn't be reached. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
  ) {
    super(message);
  }
}

const restarted =
  "The console was started anew, and this page belongs to the one before. Open the URL that `behalf dev` prints.";

/** Asks the console's server; answers the text of its JSON. */
export async function requestText(path: string, init: RequestInit = {}): Promise<string> {
  let response: Response;
  try {
    response = await fetch(path, { ...init, headers: { accept: "application/json", ...init.headers } });
  } catch {
    throw new ApiError(0, "UNREACHABLE", "The console can't be reached. Is `behalf dev` still running?");
  }
  const text = await response.text();
  if (response.ok) return text;
  if (response.status === 401) throw new ApiError(401, "RESTARTED", restarted);
  throw readRefusal(response.status, text);
}

/** Posts JSON; answers what the server answers. */
export async function post<Answer>(path: string, body: unknown = {}): Promise<Answer> {
  const text = await requestText(path, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  return JSON.parse(text) as Answer;
}

function readRefusal(status: number, text: string): ApiError {
  try {
    const { error } = JSON.parse(text) as { error: { code: string; message: string } };
    return new ApiError(status, error.code, error.message);
  } catch {
    return new ApiError(status, "UNKNOWN", `The console's server answered ${status}.`);
  }
}
