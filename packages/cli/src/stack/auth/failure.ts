import type { Context } from "hono";
import type { AuthEnv } from "./types.js";

/** An answer that isn't a success, in GoTrue's codes and words. */
export class AuthFailure extends Error {
  constructor(
    readonly status: 400 | 401 | 403 | 404 | 413 | 422 | 500,
    readonly code: string,
    message: string,
    /** Further members of the answer, such as `weak_password`. */
    readonly extra: Record<string, unknown> = {},
    cause?: unknown,
  ) {
    super(message, { cause });
  }
}

/** A failure on our side. GoTrue says no more to the caller than this; the cause is for the one who runs the stack. */
export function unexpected(
  message = "Unexpected failure, please check server logs for more information",
  cause?: unknown,
): AuthFailure {
  return new AuthFailure(500, "unexpected_failure", message, {}, cause);
}

const versionHeader = "x-supabase-api-version";

/** GoTrue's two shapes of an error: since 2024-01-01 `code` is a word, before that it was the status. */
export function answerFailure(c: Context<AuthEnv>, { status, code, message, extra }: AuthFailure): Response {
  c.header("x-sb-error-code", code);
  if ((c.req.header(versionHeader) ?? "") < "2024-01-01")
    return c.json({ code: status, error_code: code, msg: message, ...extra }, status);
  c.header(versionHeader, "2024-01-01");
  return c.json({ code, message, ...extra }, status);
}
