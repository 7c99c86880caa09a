import type { Config } from "../config/read-config.js";
import { GrantError } from "../errors.js";
import { checkRequest, checkText } from "../tokens/check-request.js";
import type { Clock } from "../tokens/clock.js";
import { signClaims } from "../tokens/sign.js";
import type { Actor, TokenClaims } from "../tokens/types.js";
import { verifyToken } from "../tokens/verify.js";
import { parseExpiresIn } from "./duration.js";
import type { GrantKeys } from "./grant-keys.js";
import { payloadDigest } from "./payload-digest.js";
import type { ProjectKeys } from "./project-keys.js";
import { narrowScope } from "./scope.js";
import type { Grant, GrantClaims, GrantOptions } from "./types.js";

/** The `typ` of a grant. A Supabase token's is `JWT`. */
export const grantType = "behalf-grant+jwt";
const maxTasks = 32;

/** What sealing needs beside the options. */
export interface SealContext {
  readonly config: Pick<Config, "issuer" | "grantAudience">;
  readonly grantKeys: GrantKeys;
  readonly projectKeys: ProjectKeys;
  readonly clock: Clock;
}

/**
 * Verifies the user's access token and seals what it allows a task to do.
 *
 * @throws TokenError when the access token is refused, GrantError when the grant can't be made as asked.
 */
export async function sealGrant(asked: GrantOptions, context: SealContext): Promise<Grant> {
  const { config, grantKeys, projectKeys, clock } = context;
  // Read at once, before anything is waited for: an object that is used again must not mix two users' requests.
  const options = { ...asked };
  const tasks = checkTasks(options.task);
  const life = parseExpiresIn(options.expiresIn);
  const digest = options.payload === undefined ? undefined : await digestOf(options.payload);
  const key = await grantKeys.sealing();
  const keyring = await projectKeys.keyringFor(options.accessToken);
  const user = await verifyToken(options.accessToken, {
    keyring,
    issuer: config.issuer,
    now: clock.now(),
  });
  const { role, claims, scope, initiator } = checkRequest(user.sub, askFor(options, user), () => undefined);
  const now = Math.floor(clock.now() / 1000);
  const sealed: GrantClaims = {
    iss: "behalf",
    sub: user.sub,
    aud: config.grantAudience,
    tasks,
    initiator: initiator ?? user.sub,
    role,
    ...(scope === undefined ? {} : { scope }),
    ...(digest === undefined ? {} : { payload_digest: digest }),
    ...(Object.keys(claims).length === 0 ? {} : { claims }),
    ...(user.act === undefined ? {} : { act: user.act as Actor }),
    iat: now,
    exp: now + life,
    jti: crypto.randomUUID(),
  };
  const grant = await signClaims(key, { ...sealed }, grantType);
  return { grant, id: sealed.jti, claims: sealed, expiresAt: new Date(sealed.exp * 1000) };
}

// Never more than the access token: neither its role, nor its scope, nor a session of a user with a name.
function askFor(options: GrantOptions, user: TokenClaims) {
  const role = options.role ?? user.role;
  if (user.role !== "authenticated" && role !== user.role)
    throw new GrantError(
      "ERR_GRANT_OPTIONS",
      "The access token has a role of its own, and a grant can't change it.",
    );
  const scope = narrowScope(user.scope, options.scope);
  return {
    role,
    claims: { ...options.claims, ...(user.is_anonymous === true ? { is_anonymous: true } : {}) },
    initiator: options.initiator ?? (typeof user.initiator === "string" ? user.initiator : user.sub),
    ...(scope === undefined ? {} : { scope }),
  };
}

function checkTasks(task: unknown): string[] {
  const tasks: unknown[] = Array.isArray(task) ? task : [task];
  if (tasks.length === 0 || tasks.length > maxTasks)
    throw new GrantError("ERR_GRANT_OPTIONS", `A grant names 1 to ${maxTasks} tasks.`);
  return tasks.map((id) => checkText(id, "The grant's task"));
}

async function digestOf(payload: unknown): Promise<string> {
  try {
    return await payloadDigest(payload);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    throw new GrantError(
      "ERR_GRANT_OPTIONS",
      `The payload can't be sealed: ${error.message}. Pass what JSON can hold.`,
    );
  }
}
