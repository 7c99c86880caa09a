import { BehalfError } from "behalf";

/**
 * The command line was used wrongly: an unknown folder, a payload that isn't JSON, a task that doesn't exist.
 * The commands print its message and exit with 2.
 */
export class UsageError extends BehalfError {
  constructor(code: `ERR_USAGE_${string}`, message: string, options?: ErrorOptions) {
    super(code, message, options);
    this.name = "UsageError";
  }
}
