import { createHash } from "node:crypto";
import type { Context } from "hono";

const alphabet = "123456789abcdefghijkmnopqrstuvwxyz";

/**
 * An id for what a request makes, the same each time the request is sent. The SDK sends a request again, with the same header, when
 * its answer was lost; that mustn't make a second run. Undefined for clients that don't name their requests.
 */
export function requestId(c: Context, prefix: "run" | "batch"): string | undefined {
  const key = c.req.header("x-trigger-request-idempotency-key");
  if (!key) return undefined;
  // Together with the path: some clients name several requests by one key.
  const digest = createHash("sha256").update(`${c.req.path} ${key}`).digest();
  const text = Array.from(digest.subarray(0, 21), (byte) => alphabet[byte % alphabet.length]).join("");
  return `${prefix}_${text}`;
}
