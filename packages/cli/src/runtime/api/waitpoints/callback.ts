import { createHmac, timingSafeEqual } from "node:crypto";
import type { ApiContext } from "../context.js";

/** The URL that completes a token when someone posts to it: whoever knows it needs no key, so it can't be guessed. */
export function callbackUrl(
  { publicUrl, secretKey }: Pick<ApiContext, "publicUrl" | "secretKey">,
  id: string,
): string {
  return `${publicUrl()}/api/v1/waitpoints/tokens/${id}/callback/${callbackHash(secretKey, id)}`;
}

export function isCallbackHash(secretKey: string, id: string, hash: string): boolean {
  const expected = Buffer.from(callbackHash(secretKey, id));
  const given = Buffer.from(hash);
  return given.length === expected.length && timingSafeEqual(given, expected);
}

function callbackHash(secretKey: string, id: string): string {
  return createHmac("sha256", secretKey).update(`waitpoint callback ${id}`).digest("hex");
}

/** What a callback's body completes the token with: JSON as it is, anything else as text. */
export function readCallback(body: string): unknown {
  if (body === "") return undefined;
  try {
    return JSON.parse(body);
  } catch {
    return body;
  }
}
