import { createHash, timingSafeEqual } from "node:crypto";
import type { IncomingMessage } from "node:http";
import { type Readable, Transform, type TransformCallback } from "node:stream";
import { StorageFailure } from "../failure.js";
import { type ClaimedSignature, hmac, signingKey, unsignedPayload } from "./signature.js";

const mismatch = (message: string) => new StorageFailure(403, "SignatureDoesNotMatch", message);
const emptyHash = createHash("sha256").digest("hex");

/** The body as the client meant it: unwrapped where it comes in signed chunks, and compared with the hash that was signed. */
export function openPayload(request: IncomingMessage, claimed: ClaimedSignature, secret: string): Readable {
  if (claimed.payload === unsignedPayload) return request;
  const check = claimed.payload.startsWith("STREAMING-")
    ? new ChunkedPayload(claimed, secret, announcedTrailers(request))
    : new HashedPayload(claimed.payload);
  // An error before anybody reads must wait for the reader, not end the process.
  check.on("error", () => {});
  request.once("error", (error) => check.destroy(error));
  request.once("close", () => {
    if (!request.complete) check.destroy(new Error("The client went away."));
  });
  return request.pipe(check);
}

class HashedPayload extends Transform {
  readonly #hash = createHash("sha256");
  readonly #expected: string;

  constructor(expected: string) {
    super();
    this.#expected = expected;
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    this.#hash.update(chunk);
    done(null, chunk);
  }

  override _flush(done: TransformCallback): void {
    const same = this.#hash.digest("hex") === this.#expected;
    done(
      same
        ? null
        : new StorageFailure(
            400,
            "XAmzContentSHA256Mismatch",
            "The provided 'x-amz-content-sha256' header does not match what was computed.",
          ),
    );
  }
}

const headerLimit = 4_096;

/** What `x-amz-trailer` says will come behind the content. */
function announcedTrailers({ headers }: IncomingMessage): string[] {
  const names = [headers["x-amz-trailer"] ?? ""].flat().join(",").split(",");
  return names.map((name) => name.trim()).filter((name) => /^[\w-]+$/.test(name));
}

/** `aws-chunked`: `<hex size>[;chunk-signature=<hex>]\r\n<bytes>\r\n` … `0…\r\n`, then trailers. Each chunk's signature covers the one before. */
class ChunkedPayload extends Transform {
  #pending: Buffer = Buffer.alloc(0);
  #left = 0;
  #state: "header" | "bytes" | "separator" | "trailer" = "header";
  #hash = createHash("sha256");
  #signature: string | undefined;
  #previous: string;
  readonly #signed: boolean;
  readonly #key: Buffer;
  readonly #claimed: ClaimedSignature;
  readonly #trailers: string[];

  constructor(claimed: ClaimedSignature, secret: string, trailers: string[]) {
    super();
    this.#trailers = trailers;
    this.#claimed = claimed;
    this.#previous = claimed.signature;
    this.#signed = claimed.payload.startsWith("STREAMING-AWS4-HMAC-SHA256-PAYLOAD");
    this.#key = signingKey(secret, claimed.scope);
    if (!this.#signed && claimed.payload !== "STREAMING-UNSIGNED-PAYLOAD-TRAILER")
      throw new StorageFailure(501, "NotImplemented", "This way to sign a body is not implemented.");
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    this.#pending = this.#pending.length ? Buffer.concat([this.#pending, chunk]) : chunk;
    try {
      while (this.#step());
      done();
    } catch (error) {
      done(error as Error);
    }
  }

  override _flush(done: TransformCallback): void {
    const whole = this.#state === "trailer" && (this.#trailers.length === 0 || this.#sawTrailer());
    done(whole ? null : new StorageFailure(400, "IncompleteBody", "The body ended before its last chunk."));
  }

  /** Whether it got on; false: it needs more bytes. */
  #step(): boolean {
    if (this.#state === "header") return this.#readHeader();
    if (this.#state === "bytes") return this.#readBytes();
    if (this.#state === "separator") {
      if (this.#pending.length < 2) return false;
      this.#pending = this.#pending.subarray(2);
      this.#state = "header";
      return true;
    }
    // Trailers are checksums of content that the signatures, or nobody, vouch for: that they came is all that is looked at.
    if (this.#pending.length > headerLimit) throw mismatch("The trailer is too long.");
    return false;
  }

  #sawTrailer(): boolean {
    const text = this.#pending.toString("latin1");
    return this.#trailers.every((name) => new RegExp(`^${name}:\\S`, "im").test(text));
  }

  #readHeader(): boolean {
    const end = this.#pending.indexOf("\r\n");
    if (end === -1) {
      if (this.#pending.length > headerLimit) throw mismatch("A chunk's header is too long.");
      return false;
    }
    const header = this.#pending.subarray(0, end).toString("latin1");
    const [, size, signature] =
      /^([0-9a-fA-F]{1,12})(?:;chunk-signature=([0-9a-f]{64}))?$/.exec(header) ?? [];
    if (size === undefined || (this.#signed && !signature)) throw mismatch("A chunk's header is malformed.");
    this.#pending = this.#pending.subarray(end + 2);
    this.#left = Number.parseInt(size, 16);
    this.#signature = signature;
    this.#hash = createHash("sha256");
    if (this.#left > 0) this.#state = "bytes";
    else {
      this.#checkChunk();
      this.#state = "trailer";
    }
    return true;
  }

  #readBytes(): boolean {
    if (this.#pending.length === 0) return false;
    const bytes = this.#pending.subarray(0, this.#left);
    this.#pending = this.#pending.subarray(bytes.length);
    this.#left -= bytes.length;
    if (this.#signed) this.#hash.update(bytes);
    this.push(bytes);
    if (this.#left > 0) return false;
    this.#checkChunk();
    this.#state = "separator";
    return true;
  }

  #checkChunk(): void {
    if (!this.#signed) return;
    const { date, scope } = this.#claimed;
    const text = [
      "AWS4-HMAC-SHA256-PAYLOAD",
      date,
      scope,
      this.#previous,
      emptyHash,
      this.#hash.digest("hex"),
    ].join("\n");
    const expected = hmac(this.#key, text);
    const given = Buffer.from(this.#signature ?? "", "hex");
    if (given.length !== expected.length || !timingSafeEqual(given, expected))
      throw mismatch("A chunk's signature does not match its content.");
    this.#previous = this.#signature ?? "";
  }
}
