import { base64url } from "jose";
import { isRecord } from "../keys/json.js";
import { canonicalJson } from "./canonical-json.js";

/**
 * The digest of a payload: base64url of the SHA-256 of its canonical JSON. The member that holds the grant itself is left
 * out, because a grant can't be in the payload that it is made for. Only one: whoever moves grants about could add others.
 *
 * @throws TypeError for a payload that JSON can't hold without loss.
 */
export async function payloadDigest(payload: unknown, grant?: string): Promise<string> {
  const counted = isRecord(payload) && grant !== undefined ? withoutOne(payload, grant) : payload;
  return sha256(canonicalJson(counted ?? null));
}

function withoutOne(payload: Record<string, unknown>, grant: string): Record<string, unknown> {
  const members = Object.entries(payload);
  const holder = members.findIndex(([, member]) => member === grant);
  return Object.fromEntries(members.filter((_, at) => at !== holder));
}

/** Base64url of the SHA-256 of a text. */
export async function sha256(text: string): Promise<string> {
  return base64url.encode(
    new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text))),
  );
}
