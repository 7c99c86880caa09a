import { base64url } from "jose";
import { sha256 } from "../grants/payload-digest.js";
import { isRecord } from "../keys/json.js";
import { Key } from "../keys/key.js";
import { Keyring } from "../keys/keyring.js";
import { checkActor } from "../tokens/check-request.js";
import { checkSignature, signClaims } from "../tokens/sign.js";
import type { Actor } from "../tokens/types.js";

const actorType = "behalf-actor+jwt";

/** What a worker says about the run that asks for a token. */
export interface ActorStatement {
  readonly actor: Actor;
  readonly payloadDigest: string | undefined;
}

/**
 * The worker's statement of which task, run and payload a grant is used for, signed with its client secret. It names the
 * grant by its hash, so it needs no time of its own: with another grant it is void.
 */
export async function sealActor(
  { actor, payloadDigest }: ActorStatement,
  grant: string,
  secret: string,
): Promise<string> {
  const claims = {
    ...actor,
    subject_digest: await sha256(grant),
    ...(payloadDigest === undefined ? {} : { payload_digest: payloadDigest }),
  };
  return signClaims(keyOf(secret), claims, actorType);
}

/** @throws TokenError when it is not what this worker said about this grant. */
export async function openActor(token: string, grant: string, secret: string): Promise<ActorStatement> {
  const { claims } = await checkSignature(token, new Keyring([keyOf(secret)]), actorType);
  const { subject_digest: subject, payload_digest: digest, ...actor } = claims;
  if (subject !== (await sha256(grant)) || !isRecord(actor)) throw new TypeError("another grant's actor");
  return {
    actor: checkActor(actor as unknown as Actor),
    payloadDigest: typeof digest === "string" ? digest : undefined,
  };
}

function keyOf(secret: string): Key {
  return new Key("HS256", undefined, { kty: "oct", k: base64url.encode(new TextEncoder().encode(secret)) });
}
