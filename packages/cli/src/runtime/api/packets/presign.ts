import { createHmac, timingSafeEqual } from "node:crypto";
import type { ApiContext } from "../context.js";

/** Milliseconds that a link is good for, as on the platform. */
const lifetime = 5 * 60_000;

/** A link that reads or writes one packet for a while and needs no key, like those of an object store. */
export function presign(
  { url, secretKey }: Pick<ApiContext, "url" | "secretKey">,
  method: "GET" | "PUT",
  name: string,
): string {
  const expires = Date.now() + lifetime;
  const signature = sign(secretKey, method, name, expires);
  return `${url()}/packets/${encodeURIComponent(name)}?expires=${expires}&signature=${signature}`;
}

export function isPresigned(
  secretKey: string,
  method: string,
  name: string,
  query: URLSearchParams,
): boolean {
  const expires = Number(query.get("expires"));
  const expected = Buffer.from(sign(secretKey, method, name, expires));
  const given = Buffer.from(query.get("signature") ?? "");
  return given.length === expected.length && timingSafeEqual(given, expected) && expires > Date.now();
}

function sign(secretKey: string, method: string, name: string, expires: number): string {
  return createHmac("sha256", secretKey).update(`packet ${method} ${expires} ${name}`).digest("base64url");
}
