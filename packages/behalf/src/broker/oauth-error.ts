import { BehalfError, GrantError, TokenError, UserError } from "../errors.js";

/** The error codes of RFC 6749 (sections 4.1.2.1 and 5.2) and RFC 8693 (section 2.2.2) that a broker answers with. */
export type OAuthErrorCode =
  | "invalid_request"
  | "invalid_client"
  | "invalid_scope"
  | "invalid_target"
  | "unsupported_grant_type"
  | "temporarily_unavailable"
  | "server_error";

/** A refusal that the worker is told of. */
export class OAuthError extends Error {
  readonly error: OAuthErrorCode;
  readonly status: number;
  readonly headers: Record<string, string>;
  /** behalf's own code, where it says more. */
  readonly code: string | undefined;

  constructor(
    error: OAuthErrorCode,
    message: string,
    options: { status?: number; headers?: Record<string, string>; code?: string } = {},
  ) {
    super(message);
    this.error = error;
    this.status = options.status ?? 400;
    this.headers = options.headers ?? {};
    this.code = options.code;
  }
}

/** How a worker is told what the exchange threw. What is the broker's own fault stays with the broker. */
export function asOAuthError(error: unknown): OAuthError {
  if (error instanceof OAuthError) return error;
  if (!(error instanceof BehalfError)) return serverError();
  const { code, message, transient } = error;
  if (transient) return new OAuthError("temporarily_unavailable", message, { status: 503, code });
  // RFC 8693, 2.2.2: a token that is invalid or unacceptable makes the request invalid.
  if (code === "ERR_GRANT_SCOPE") return new OAuthError("invalid_scope", message, { code });
  if (error instanceof GrantError || error instanceof UserError || error instanceof TokenError)
    return new OAuthError("invalid_request", message, { code });
  return serverError();
}

function serverError(): OAuthError {
  return new OAuthError("server_error", "The broker is not set up to answer this.", { status: 500 });
}

// Tokens must not be kept by what lies between (RFC 6749, section 5.1).
const noStore = { "cache-control": "no-store", pragma: "no-cache" };

/** A JSON answer that nothing may keep. */
export function answer(body: object, status = 200, headers: Record<string, string> = {}): Response {
  return Response.json(body, { status, headers: { ...noStore, ...headers } });
}

/** The answer of RFC 6749, section 5.2, with behalf's own code beside it. */
export function answerError({ error, message, status, headers, code }: OAuthError): Response {
  // The characters that error_description may have.
  const description = message.replaceAll(/["\\]/g, "'").replaceAll(/[^\x20-\x7e]/g, "-");
  return answer({ error, error_description: description, ...(code ? { code } : {}) }, status, headers);
}
