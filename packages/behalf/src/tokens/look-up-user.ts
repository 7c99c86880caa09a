import type { Config } from "../config/read-config.js";
import { UserError } from "../errors.js";
import { isRecord } from "../keys/json.js";
import type { Clock } from "./clock.js";
import { failureReason } from "./failure-reason.js";
import type { Json } from "./types.js";

const patience = 10_000;

/**
 * Fetches a user from the auth server and returns the claims that a real session would carry.
 *
 * @throws UserError when the user is gone or banned, or the server gives no answer.
 */
export async function lookUpUser(
  userId: string,
  config: Pick<Config, "url" | "fetch"> & { secretKey: string },
  clock: Clock,
): Promise<Record<string, Json>> {
  const url = `${config.url}/auth/v1/admin/users/${encodeURIComponent(userId)}`;
  const headers = { apikey: config.secretKey, authorization: `Bearer ${config.secretKey}` };
  let response: Response;
  let body: unknown;
  try {
    response = await config.fetch(url, { headers, signal: AbortSignal.timeout(patience) });
    clock.observe(response.headers);
    body = await response.json().catch(() => undefined);
  } catch (cause) {
    throw failed(`the auth server could not be reached (${failureReason(cause)})`, true);
  }
  // 400 and 422 are the answers to an id that is not a UUID, which no user of this server has.
  if (response.status === 404 || response.status === 400 || response.status === 422) throw notFound();
  // A key that is refused stays refused.
  if (!response.ok)
    throw failed(
      `the auth server answered ${response.status}`,
      response.status !== 401 && response.status !== 403,
    );
  const user = isRecord(body) && isRecord(body.user) ? body.user : body;
  if (!isRecord(user) || typeof user.id !== "string")
    throw failed("the auth server's answer is not a user", true);
  if (user.id.toLowerCase() !== userId.toLowerCase())
    throw failed("the auth server answered with another user", false);
  if (user.deleted_at) throw notFound();
  if (typeof user.banned_until === "string" && Date.parse(user.banned_until) > clock.now())
    throw new UserError("ERR_USER_BANNED", "The user is banned. The work stops here.");
  return sessionClaims(user);
}

function sessionClaims(user: Record<string, unknown>): Record<string, Json> {
  return {
    email: typeof user.email === "string" ? user.email : "",
    phone: typeof user.phone === "string" ? user.phone : "",
    app_metadata: isRecord(user.app_metadata) ? (user.app_metadata as Json) : {},
    user_metadata: isRecord(user.user_metadata) ? (user.user_metadata as Json) : {},
    is_anonymous: user.is_anonymous === true,
  };
}

function notFound(): UserError {
  return new UserError("ERR_USER_NOT_FOUND", "The project has no such user, or the user was deleted.");
}

function failed(how: string, transient: boolean): UserError {
  return new UserError("ERR_USER_LOOKUP_FAILED", `The user could not be looked up: ${how}.`, { transient });
}
