import { createHash, createHmac, timingSafeEqual } from "node:crypto";
import type { IncomingHttpHeaders, IncomingMessage } from "node:http";
import { StorageFailure } from "../failure.js";

/** What a request says of its AWS Signature Version 4, in its headers or in a presigned URL. */
export interface ClaimedSignature {
  accessKeyId: string;
  /** `<day>/<region>/s3/aws4_request` */
  scope: string;
  /** `YYYYMMDDTHHMMSSZ` */
  date: string;
  signedHeaders: string[];
  signature: string;
  /** The body's SHA-256, or how else it is protected. */
  payload: string;
  sessionToken: string | undefined;
}

export const unsignedPayload = "UNSIGNED-PAYLOAD";
const skewMilliseconds = 15 * 60 * 1000;

const invalid = (message: string) => new StorageFailure(403, "SignatureDoesNotMatch", message);

/** @throws {StorageFailure} where there is none, it is malformed, or its time isn't now. */
export function readSignature(request: IncomingMessage): ClaimedSignature {
  const { headers } = request;
  const query = new URLSearchParams(request.url?.split("?")[1] ?? "");
  const claimed = headers.authorization?.startsWith("AWS4-HMAC-SHA256 ")
    ? fromHeaders(headers)
    : fromQuery(query);
  const [day, , service, end] = claimed.scope.split("/");
  if (service !== "s3" || end !== "aws4_request" || !claimed.date.startsWith(`${day}T`) || !claimed.signature)
    throw invalid("The credential's scope is not valid.");
  if (!claimed.signedHeaders.includes("host")) throw invalid("The host header has to be signed.");
  checkTime(claimed.date, query.get("X-Amz-Expires"));
  return claimed;
}

function fromHeaders(headers: IncomingHttpHeaders): ClaimedSignature {
  const parts = new Map(
    (headers.authorization ?? "")
      .replace(/^AWS4-HMAC-SHA256\s+/, "")
      .split(",")
      .map((part) => part.trim().split("=", 2) as [string, string]),
  );
  const [accessKeyId, scope] = splitCredential(parts.get("Credential"));
  return {
    accessKeyId,
    scope,
    date: one(headers["x-amz-date"]),
    signedHeaders: (parts.get("SignedHeaders") ?? "").split(";"),
    signature: parts.get("Signature") ?? "",
    payload: one(headers["x-amz-content-sha256"]) || unsignedPayload,
    sessionToken: one(headers["x-amz-security-token"]) || undefined,
  };
}

function fromQuery(query: URLSearchParams): ClaimedSignature {
  if (query.get("X-Amz-Algorithm") !== "AWS4-HMAC-SHA256")
    throw new StorageFailure(403, "AccessDenied", "Missing signature");
  const [accessKeyId, scope] = splitCredential(query.get("X-Amz-Credential") ?? undefined);
  return {
    accessKeyId,
    scope,
    date: query.get("X-Amz-Date") ?? "",
    signedHeaders: (query.get("X-Amz-SignedHeaders") ?? "").split(";"),
    signature: query.get("X-Amz-Signature") ?? "",
    payload: query.get("X-Amz-Content-Sha256") ?? unsignedPayload,
    sessionToken: query.get("X-Amz-Security-Token") ?? undefined,
  };
}

const one = (value: string | string[] | undefined) =>
  Array.isArray(value) ? value.join(",") : (value ?? "");

function splitCredential(credential: string | undefined): [string, string] {
  const [accessKeyId, ...scope] = (credential ?? "").split("/");
  if (!accessKeyId || scope.length !== 4) throw invalid("The credential is malformed.");
  return [accessKeyId, scope.join("/")];
}

function checkTime(date: string, expires: string | null): void {
  const moment = Date.parse(date.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, "$1-$2-$3T$4:$5:$6Z"));
  if (Number.isNaN(moment)) throw invalid("The date is malformed.");
  const age = Date.now() - moment;
  if (age < -skewMilliseconds || (expires === null && age > skewMilliseconds))
    throw new StorageFailure(
      403,
      "RequestTimeTooSkewed",
      "The difference between the request time and the current time is too large.",
    );
  if (expires === null) return;
  const seconds = Number(expires);
  if (!(seconds >= 1 && seconds <= 604_800)) throw invalid("X-Amz-Expires must lie between 1 and 604800.");
  if (age > seconds * 1000) throw new StorageFailure(403, "AccessDenied", "Request has expired");
}

export const hmac = (key: string | Buffer, text: string) => createHmac("sha256", key).update(text).digest();
const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");

/** The key that signs everything of a day, region and service. */
export function signingKey(secret: string, scope: string): Buffer {
  const [day = "", region = "", service = ""] = scope.split("/");
  return hmac(hmac(hmac(hmac(`AWS4${secret}`, day), region), service), "aws4_request");
}

/** @throws {StorageFailure} unless `secret` signed this very request: method, path, query and the named headers. */
export function verifySignature(request: IncomingMessage, claimed: ClaimedSignature, secret: string): void {
  const [path = "/", query = ""] = (request.url ?? "/").split("?");
  const headers = claimed.signedHeaders.map(
    (name) => `${name}:${one(request.headers[name]).trim().replace(/\s+/g, " ")}\n`,
  );
  const canonical = [
    request.method,
    path,
    canonicalQuery(query),
    headers.join(""),
    claimed.signedHeaders.join(";"),
    claimed.payload,
  ].join("\n");
  const text = ["AWS4-HMAC-SHA256", claimed.date, claimed.scope, sha256(canonical)].join("\n");
  const expected = hmac(signingKey(secret, claimed.scope), text);
  const given = Buffer.from(claimed.signature, "hex");
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) {
    throw invalid(
      "The request signature we calculated does not match the signature you provided. Check your key and signing method.",
    );
  }
}

function canonicalQuery(query: string): string {
  return query
    .split("&")
    .filter((part) => part !== "" && !part.startsWith("X-Amz-Signature="))
    .map((part) => {
      const [name = "", value = ""] = part.split("=", 2);
      return [reencode(name), reencode(value)] as const;
    })
    .sort(([a, x], [b, y]) => (a === b ? (x < y ? -1 : 1) : a < b ? -1 : 1))
    .map(([name, value]) => `${name}=${value}`)
    .join("&");
}

function reencode(text: string): string {
  let plain = text;
  try {
    plain = decodeURIComponent(text);
  } catch {
    // Not an escape: signed as it stands.
  }
  return encodeURIComponent(plain).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}
