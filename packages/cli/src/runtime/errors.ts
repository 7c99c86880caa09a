import { BehalfError } from "behalf";

/** What the local Trigger.dev runtime can fail with. */
export type RuntimeErrorCode =
  | "ERR_RUNTIME_DATABASE"
  | "ERR_RUNTIME_PORT"
  | "ERR_RUNTIME_WORKER"
  | "ERR_RUNTIME_NO_RUN";

/** The local Trigger.dev runtime can't start, or can't do what it was asked. The message names cause and cure. */
export class RuntimeError extends BehalfError {
  declare readonly code: RuntimeErrorCode;

  constructor(code: RuntimeErrorCode, message: string, options?: ErrorOptions) {
    super(code, message, options);
    this.name = "RuntimeError";
  }
}

/** The one-line message of anything thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
