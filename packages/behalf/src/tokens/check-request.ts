import { TokenError, UserError } from "../errors.js";
import { isRecord } from "../keys/json.js";
import { parseLifetime } from "./lifetime.js";
import { checkRole } from "./roles.js";
import type { Actor, Json, TokenOptions, TokenRequest } from "./types.js";

const reserved = new Set([
  "iss",
  "sub",
  "aud",
  "role",
  "iat",
  "exp",
  "nbf",
  "jti",
  "kid",
  "act",
  "initiator",
  "scope",
  "grant_id",
  "__proto__",
]);
const maxClaimsBytes = 6 * 1024;
const maxHops = 16;
// biome-ignore lint/suspicious/noControlCharactersInRegex: that is what it looks for
const controls = /[\u0000-\u001f\u007f]/;
// In JSON text: NUL, and half a surrogate pair. Postgres' jsonb takes neither, so that every policy would fail.
const notInDatabase = /(?<!\\)(?:\\\\)*\\u(?:0000|d[89a-f])/;

/** Checks what asUser was given and fills in the defaults. Nothing is signed before. */
export function checkRequest(
  userId: string,
  options: TokenOptions,
  findActor: () => Actor | undefined,
): TokenRequest {
  const actor = options.actor === undefined ? findActor() : options.actor;
  return {
    userId: checkUserId(userId),
    role: options.role === undefined ? "authenticated" : checkRole(options.role),
    claims: options.claims === undefined ? {} : checkClaims(options.claims),
    lifetime: options.lifetime === undefined ? 3600 : parseLifetime(options.lifetime),
    actor: actor === undefined ? undefined : checkActor(actor),
    initiator: options.initiator === undefined ? undefined : checkText(options.initiator, "The initiator"),
    scope: options.scope === undefined ? undefined : checkScope(options.scope),
  };
}

/** @throws UserError when the value cannot be a user's id. Ids of third-party auth need not be UUIDs. */
export function checkUserId(userId: unknown): string {
  if (typeof userId !== "string")
    throw new UserError(
      "ERR_USER_ID_INVALID",
      `The user id is ${userId === null ? "null" : `of type ${typeof userId}`}, not a string. Check the task's payload.`,
    );
  if (userId.trim() === "")
    throw new UserError("ERR_USER_ID_INVALID", "The user id is blank. Check the task's payload.");
  if (userId !== userId.trim() || controls.test(userId) || userId.length > 255 || !userId.isWellFormed())
    throw new UserError(
      "ERR_USER_ID_INVALID",
      "The user id has spaces around it, control characters or over 255 characters, so it is no id.",
    );
  return userId;
}

function checkClaims(claims: Record<string, Json>): Record<string, Json> {
  let text: string;
  try {
    text = JSON.stringify(claims);
    if (!text?.startsWith("{") || notInDatabase.test(text)) throw new TypeError("not an object, or not text");
  } catch {
    throw new TokenError(
      "ERR_TOKEN_CLAIM_MALFORMED",
      "The extra claims are not an object that JSON can hold, without NUL and half surrogate pairs.",
    );
  }
  if (Buffer.byteLength(text) > maxClaimsBytes)
    throw new TokenError(
      "ERR_TOKEN_TOO_LARGE",
      `The extra claims exceed ${maxClaimsBytes} bytes. Servers refuse headers of that size: pass ids, not data.`,
    );
  // A copy of what is signed: the caller's object may change between one renewal and the next.
  const copy = JSON.parse(text) as Record<string, Json>;
  for (const name of Object.keys(copy))
    if (reserved.has(name))
      throw new TokenError(
        "ERR_TOKEN_CLAIM_RESERVED",
        `The claim ${name} is set by behalf itself. Use the option of the same meaning, or another name.`,
      );
  return copy;
}

/** @throws TokenError when the actor is not of the shape of an `act` claim. */
export function checkActor(actor: Actor, hops = 1): Actor {
  if (!isRecord(actor))
    throw new TokenError("ERR_TOKEN_CLAIM_MALFORMED", "The actor is not an object with a sub.");
  const { sub, run, attempt, act } = actor;
  if (hops > maxHops)
    throw new TokenError("ERR_TOKEN_CLAIM_MALFORMED", `The chain of actors is longer than ${maxHops}.`);
  if (attempt !== undefined && !(Number.isInteger(attempt) && attempt >= 1))
    throw new TokenError("ERR_TOKEN_CLAIM_MALFORMED", "The actor's attempt is not a whole number from 1.");
  return {
    sub: checkText(sub, "The actor's sub"),
    ...(run === undefined ? {} : { run: checkText(run, "The actor's run") }),
    ...(attempt === undefined ? {} : { attempt }),
    ...(act === undefined ? {} : { act: checkActor(act, hops + 1) }),
  };
}

/** A non-blank line of at most 255 characters. */
export function checkText(value: unknown, what: string): string {
  const isText = typeof value === "string" && value.trim() !== "" && value.length <= 255;
  if (!isText || controls.test(value) || !value.isWellFormed())
    throw new TokenError("ERR_TOKEN_CLAIM_MALFORMED", `${what} is not a line of 1 to 255 characters.`);
  return value;
}

/** A scope of RFC 6749: words of printable ASCII without quote and backslash, one space between them. */
export function checkScope(scope: string | readonly string[]): string {
  const words = typeof scope === "string" ? scope.split(" ") : [...scope];
  const text = words.join(" ");
  const areWords = words.length > 0 && words.every((word) => /^[\x21\x23-\x5b\x5d-\x7e]+$/.test(word));
  if (!areWords || text.length > 2048)
    throw new TokenError(
      "ERR_TOKEN_CLAIM_MALFORMED",
      "The scope is not a list of words such as public.notes:select, within 2048 characters.",
    );
  return text;
}
