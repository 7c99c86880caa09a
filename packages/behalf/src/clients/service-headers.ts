import { ServiceError } from "../errors.js";
import { checkActor, checkText } from "../tokens/check-request.js";
import type { Actor } from "../tokens/types.js";

/** What asService takes. */
export interface ServiceOptions {
  /** Why Row Level Security is passed over; recorded with each request. */
  reason: string;
  /** Who does the work; default the current run of Trigger.dev, where there is one. */
  actor?: Actor;
  /** Who asked for the work. */
  initiator?: string;
}

/** The headers with which the database can record who used the service role and why. Values are percent-encoded. */
export function serviceHeaders(
  options: ServiceOptions,
  findActor: () => Actor | undefined,
): Record<string, string> {
  const reason: unknown = options?.reason;
  if (typeof reason !== "string" || reason.trim() === "" || reason.length > 500 || /\p{Cs}/u.test(reason))
    throw new ServiceError(
      "ERR_SERVICE_REASON",
      'asService needs a reason, a text of 1 to 500 characters: asService({ reason: "nightly billing roll-up" }).',
    );
  const found = options.actor ?? findActor();
  const actor = found && checkActor(found);
  const values = {
    "x-behalf-reason": reason.trim(),
    "x-behalf-task": actor?.sub,
    "x-behalf-run": actor?.run,
    "x-behalf-attempt": actor?.attempt?.toString(),
    "x-behalf-initiator":
      options.initiator === undefined ? undefined : checkText(options.initiator, "The initiator"),
    "x-behalf-cause": actor?.act && JSON.stringify(earlierTasks(actor.act)),
  };
  return Object.fromEntries(
    Object.entries(values).flatMap(([name, value]) => (value ? [[name, encodeURIComponent(value)]] : [])),
  );
}

function earlierTasks(actor: Actor): string[] {
  return [actor.sub, ...(actor.act ? earlierTasks(actor.act) : [])];
}
