import { GrantError } from "../errors.js";
import { readGrant } from "../grants/open-grant.js";
import { isRecord } from "../keys/json.js";

/** As whom a run is to act: a user, by a grant or on the payload's word. */
export interface FoundIdentity {
  readonly userId: string;
  readonly grant?: string;
}

/**
 * Finds it: the grant that the task's `grant` setting named, else one in `payload.grant`, else the id that its `user`
 * setting named.
 *
 * @param named what the task's settings came to, where it has them.
 * @throws GrantError when a grant is asked for and isn't there, or names another user than the payload does.
 */
export function findIdentity(payload: unknown, named: { user?: string; grant?: string }): FoundIdentity {
  const isNamed = "grant" in named;
  const grant = isNamed ? named.grant : isRecord(payload) ? payload.grant : undefined;
  // Other payloads have a member of that name too, and where the user is known otherwise it need not be a grant.
  if ("user" in named && !isNamed && !hasFormOfGrant(grant)) return { userId: named.user as string };
  if (grant === undefined || grant === null || grant === "")
    throw new GrantError(
      "ERR_GRANT_REQUIRED",
      "The payload has no grant. Make one where the user's request is (behalf.grant), and pass it in payload.grant.",
    );
  // What it says is trusted once it was opened, which asUser does with this same text.
  const { sub } = readGrant(grant);
  if ("user" in named && named.user !== sub)
    throw new GrantError("ERR_GRANT_USER", "The user that the payload names is not the one of its grant.");
  return { userId: sub, grant: grant as string };
}

function hasFormOfGrant(value: unknown): boolean {
  return typeof value === "string" && /^[\w-]+\.[\w-]+\.[\w-]+$/.test(value);
}
