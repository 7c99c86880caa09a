import { BehalfError } from "behalf";

/** What the embedded Supabase can fail with. */
export type StackErrorCode =
  | "ERR_STACK_RUNNING"
  | "ERR_STACK_PORT_BUSY"
  | "ERR_STACK_NO_POSTGRES"
  | "ERR_STACK_NO_POSTGREST"
  | "ERR_STACK_NO_DENO"
  | "ERR_STACK_NO_ACCOUNT"
  | "ERR_STACK_START_FAILED"
  | "ERR_STACK_STATE_DAMAGED"
  | "ERR_STACK_PASSWORD_MISMATCH"
  | "ERR_STACK_CONFIG_INVALID"
  | "ERR_STACK_MIGRATION_FAILED"
  | "ERR_STACK_MIGRATION_NAME"
  | "ERR_STACK_SEED_FAILED";

/** The embedded Supabase can't start, or can't do what it was asked. The message names cause and cure. */
export class StackError extends BehalfError {
  declare readonly code: StackErrorCode;

  constructor(code: StackErrorCode, message: string, options?: ErrorOptions) {
    super(code, message, options);
    this.name = "StackError";
  }
}
