import { BehalfError } from "behalf";

/** How the command line can be used wrongly. */
export type UsageErrorCode =
  | "ERR_USAGE_DEPLOY"
  | "ERR_USAGE_ENV_FILE"
  | "ERR_USAGE_HEAD"
  | "ERR_USAGE_NO_DATABASE"
  | "ERR_USAGE_NO_FOLDER"
  | "ERR_USAGE_NO_PROJECT"
  | "ERR_USAGE_NO_SCHEMA"
  | "ERR_USAGE_NOT_RUNNING"
  | "ERR_USAGE_PAYLOAD"
  | "ERR_USAGE_RUNNING"
  | "ERR_USAGE_SCOPE"
  | "ERR_USAGE_UNKNOWN_RUN"
  | "ERR_USAGE_UNKNOWN_TASK"
  | "ERR_USAGE_WORKER";

/** The command line was used wrongly. The commands print its message and exit with 2. */
export class UsageError extends BehalfError {
  declare readonly code: UsageErrorCode;

  constructor(code: UsageErrorCode, message: string, options?: ErrorOptions) {
    super(code, message, options);
    this.name = "UsageError";
  }
}
