import type { Config } from "../config/read-config.js";
import { type BehalfErrorCode, GrantError, TokenError } from "../errors.js";
import { isRecord } from "../keys/json.js";
import type { Keyring } from "../keys/keyring.js";
import type { Clock } from "../tokens/clock.js";
import { decodeToken } from "../tokens/decode.js";
import { checkSignature } from "../tokens/sign.js";
import type { GrantKeys } from "./grant-keys.js";
import { grantType } from "./seal-grant.js";
import type { GrantClaims, GrantedRequest } from "./types.js";

// The app's and the worker's clocks, in seconds.
const tolerance = 60;

/** What opening needs beside the grant. */
export interface OpenContext {
  readonly config: Pick<Config, "grantAudience">;
  readonly grantKeys: GrantKeys;
  readonly clock: Clock;
}

/**
 * Opens a grant for one use and checks every field: form, key, signature, environment, times, task, payload.
 *
 * @throws GrantError naming the first thing that is wrong.
 */
export async function openGrant(
  { grant, actor, payloadDigest }: Pick<GrantedRequest, "grant" | "actor" | "payloadDigest">,
  { config, grantKeys, clock }: OpenContext,
): Promise<GrantClaims> {
  const claims = checkShape(await verify(grant, await grantKeys.keyring()));
  const now = clock.now() / 1000;
  if (claims.aud !== config.grantAudience)
    throw new GrantError("ERR_GRANT_AUDIENCE", "The grant was made for another project or environment.");
  if (claims.iat > now + tolerance)
    throw new GrantError(
      "ERR_GRANT_NOT_YET_VALID",
      "The grant is from the future: a clock is off, or it is forged.",
    );
  if (claims.exp <= now) throw new GrantError("ERR_GRANT_EXPIRED", "The grant's time has passed.");
  if (!claims.tasks.includes(actor.sub))
    throw new GrantError("ERR_GRANT_TASK", "The grant was made for another task.");
  if (claims.payload_digest !== undefined && claims.payload_digest !== payloadDigest)
    throw new GrantError(
      "ERR_GRANT_PAYLOAD",
      payloadDigest === undefined
        ? "The grant was made for one payload, which was not given. Pass it: asUser({ grant, payload })."
        : "The grant was made for another payload.",
    );
  return claims;
}

/**
 * Reads what a grant says, and trusts none of it: to tell a grant from other text, or to read one that was verified.
 *
 * @throws GrantError when it has not the form of a grant.
 */
export function readGrant(grant: unknown): GrantClaims {
  try {
    return checkShape(decodeToken(grant, grantType).claims);
  } catch (error) {
    throw asGrantError(error);
  }
}

async function verify(grant: unknown, keyring: Keyring): Promise<Record<string, unknown>> {
  try {
    return (await checkSignature(grant, keyring, grantType)).claims;
  } catch (error) {
    throw asGrantError(error);
  }
}

// Only a holder of the key gets a wrong shape past the signature: somebody with another version of behalf.
function checkShape(claims: Record<string, unknown>): GrantClaims {
  const isText = (value: unknown) => typeof value === "string" && value !== "";
  const isShaped =
    claims.iss === "behalf" &&
    [claims.sub, claims.aud, claims.jti, claims.role, claims.initiator].every(isText) &&
    [claims.scope, claims.payload_digest].every((value) => value === undefined || isText(value)) &&
    [claims.claims, claims.act].every((value) => value === undefined || isRecord(value)) &&
    [claims.iat, claims.exp].every(Number.isInteger) &&
    Array.isArray(claims.tasks) &&
    claims.tasks.every(isText);
  if (!isShaped) throw new GrantError("ERR_GRANT_MALFORMED", "The grant lacks a field that grants have.");
  return claims as unknown as GrantClaims;
}

const refusals: Partial<Record<BehalfErrorCode, readonly [code: GrantError["code"], message: string]>> = {
  ERR_TOKEN_HEADER: ["ERR_GRANT_HEADER", "This is not a grant: its header is another token's."],
  ERR_TOKEN_ALGORITHM: ["ERR_GRANT_ALGORITHM", "The grant's algorithm is not that of the grant key."],
  ERR_TOKEN_KEY_UNKNOWN: [
    "ERR_GRANT_KEY_UNKNOWN",
    "The grant was sealed with a key that is not configured here.",
  ],
  ERR_TOKEN_SIGNATURE: ["ERR_GRANT_SIGNATURE", "The grant was edited, or sealed with another key."],
};

/** A refusal of the form or the signature, in the words for grants. */
function asGrantError(error: unknown): unknown {
  if (!(error instanceof TokenError)) return error;
  const [code, message] = refusals[error.code] ?? [
    "ERR_GRANT_MALFORMED",
    "The grant is not well-formed: it was cut or edited on its way.",
  ];
  return new GrantError(code, message);
}
