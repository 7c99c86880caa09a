import { BehalfError } from "behalf";

/** What a caller is told. */
export class Refusal extends Error {
  readonly status: 400 | 401 | 403 | 503;
  readonly code: string;

  constructor(status: 400 | 401 | 403 | 503, code: string, message: string) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

/** Tells a caller what behalf says of the caller's own token; a fault of the server's own stays with the server. */
export function refusalOf(error: unknown): Refusal | undefined {
  if (error instanceof Refusal) return error;
  if (!(error instanceof BehalfError)) return undefined;
  if (error.transient) return new Refusal(503, error.code, "Try again in a moment.");
  if (!/^ERR_(TOKEN|GRANT|USER)_/.test(error.code)) return undefined;
  return new Refusal(403, error.code, "This access token doesn't allow that. Sign in again.");
}
