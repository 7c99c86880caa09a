import { GrantError } from "../errors.js";
import { isRecord } from "../keys/json.js";
import { checkActor, checkScope } from "../tokens/check-request.js";
import { parseLifetime } from "../tokens/lifetime.js";
import type { Actor } from "../tokens/types.js";
import { readGrant } from "./open-grant.js";
import { payloadDigest } from "./payload-digest.js";
import type { Granted, GrantedOptions, GrantedRequest } from "./types.js";

/** Whether asUser was given a grant rather than a user's id. */
export function isGranted(who: unknown): who is Granted {
  return isRecord(who) && "grant" in who;
}

const decidedByGrant = ["role", "claims", "initiator"];

/**
 * Checks what asUser was given with a grant, and fills in the defaults. The grant itself is opened later, by whoever
 * holds the key.
 */
export async function checkGranted(
  granted: Granted,
  options: GrantedOptions,
  findActor: () => Actor | undefined,
): Promise<GrantedRequest> {
  readGrant(granted.grant);
  for (const name of decidedByGrant)
    if ((options as Record<string, unknown>)[name] !== undefined)
      throw new GrantError(
        "ERR_GRANT_OPTIONS",
        `The option ${name} is the grant's to say. Give it to behalf.grant, where the request is.`,
      );
  const actor = options.actor ?? findActor();
  if (actor === undefined)
    throw new GrantError(
      "ERR_GRANT_TASK",
      "A grant names the tasks that may use it, and this is no run of one. Outside of Trigger.dev pass the actor: " +
        'asUser({ grant, payload }, { actor: { sub: "task-id", run: "run-id" } }).',
    );
  // All of it at once, before anything is waited for: the caller may use the objects again.
  const checked = {
    grant: granted.grant,
    actor: checkActor(actor),
    lifetime: options.lifetime === undefined ? 3600 : parseLifetime(options.lifetime),
    scope: options.scope === undefined ? undefined : checkScope(options.scope),
  };
  return { ...checked, payloadDigest: granted.payload === undefined ? undefined : await digestOf(granted) };
}

async function digestOf({ grant, payload }: Granted): Promise<string> {
  try {
    return await payloadDigest(payload, grant);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    throw new GrantError(
      "ERR_GRANT_PAYLOAD",
      `The payload is none that a grant is made for: ${error.message}.`,
    );
  }
}
