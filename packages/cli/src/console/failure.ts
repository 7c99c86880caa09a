import type { Context } from "hono";
import type { ContentfulStatusCode } from "hono/utils/http-status";

/** How the console refuses a request. */
export type ConsoleFailureCode =
  | "ERR_CONSOLE_HOST"
  | "ERR_CONSOLE_ORIGIN"
  | "ERR_CONSOLE_TOKEN"
  | "ERR_CONSOLE_REQUEST";

/** What a person in front of the page can act on. */
export class ConsoleFailure extends Error {
  readonly status: ContentfulStatusCode;
  readonly code: ConsoleFailureCode;

  constructor(status: ContentfulStatusCode, code: ConsoleFailureCode, message: string) {
    super(message);
    this.name = "ConsoleFailure";
    this.status = status;
    this.code = code;
  }
}

export function answerFailure(error: unknown, c: Context): Response {
  const failure =
    error instanceof ConsoleFailure
      ? error
      : new ConsoleFailure(
          500,
          "ERR_CONSOLE_REQUEST",
          `The console could not answer: ${error instanceof Error ? error.message : String(error)}`,
        );
  return c.json({ error: { code: failure.code, message: failure.message } }, failure.status);
}
