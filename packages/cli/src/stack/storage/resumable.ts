import { createHash, randomUUID } from "node:crypto";
import { createReadStream, mkdirSync } from "node:fs";
import { stat } from "node:fs/promises";
import type { IncomingMessage } from "node:http";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { RESPONSE_ALREADY_SENT } from "@hono/node-server/utils/response";
import { FileStore } from "@tus/file-store";
import { Metadata, Server, type ServerOptions, type Upload } from "@tus/server";
import type { RequestScope } from "./database.js";
import { failureOf, failures, StorageFailure } from "./failure.js";
import { resumableFolder } from "./leftovers.js";
import { parseObject, type StorageContext, scopeOf } from "./request.js";
import type { UrlSignatures } from "./signatures.js";
import {
  checkUpload,
  completeUpload,
  type StorageServices,
  sizeLimitOf,
  type UploadTarget,
} from "./uploads.js";

type TusRequest = Parameters<NonNullable<ServerOptions["namingFunction"]>>[0];
type TusMetadata = Record<string, string | null> | undefined;

/** How a request may write: as the caller whom the policies judge, or by a signed permit for one object. */
type Rights = { scope: RequestScope; upsert: boolean } | { signature: string };

const path = "/storage/v1/upload/resumable";
const idForm = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** `/upload/resumable`: the TUS protocol, as tus-js-client and Uppy speak it. Each request is judged anew, not the first alone. */
export function createResumableUploads(
  services: StorageServices,
  signatures: UrlSignatures,
  directory: string,
): (c: StorageContext) => Promise<Response> {
  const folder = join(directory, resumableFolder);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const rights = new WeakMap<IncomingMessage, Rights>();

  const optionsOf = (store: FileStore): Omit<ServerOptions, "locker"> => ({
    path,
    namingFunction: () => randomUUID(),
    getFileIdFromRequest: (_request, last) => (last && idForm.test(last) ? last : undefined),
    generateUrl: (request, { proto, host, id }) =>
      `${proto}://${host}${path}${isSigned(nodeRequest(request)) ? "/sign" : ""}/${id}`,
    maxSize: async (request, id) => {
      if (request.method === "OPTIONS") return services.sizeLimit;
      // An upload that is only being created has an id already, and nothing kept under it.
      const kept = id && request.method !== "POST" ? (await store.getUpload(id)).metadata : undefined;
      return sizeLimitOf(services, await targetOf(request, kept));
    },
    onIncomingRequest: async (request, id) => {
      if (request.method === "OPTIONS" || request.method === "HEAD") return;
      const upload = request.method === "POST" ? undefined : await store.getUpload(id);
      const target = await targetOf(request, upload?.metadata);
      const given = rights.get(nodeRequest(request));
      if (!given || "signature" in given) return;
      const size = upload?.size ?? Number(request.headers.get("upload-length") ?? Number.NaN);
      await checkUpload(services, given.scope, target, Number.isFinite(size) ? size : undefined);
    },
    onUploadFinish: async (request, upload) => {
      await finish(store, upload, await targetOf(request, upload.metadata));
      return {};
    },
    onResponseError: (_request, error) => {
      if (!(error instanceof Error)) return undefined;
      const failure = failureOf(error);
      return { status_code: failure.statusCode, body: failure.message };
    },
  });

  /** What the metadata names, to be written with the rights of this request. */
  async function targetOf(request: TusRequest, kept: TusMetadata): Promise<UploadTarget> {
    const metadata = kept ?? parseMetadata(request.headers.get("upload-metadata") ?? "");
    const [bucket, name] = [metadata.bucketName ?? "", metadata.objectName ?? ""];
    const given = rights.get(nodeRequest(request));
    if (!given) throw failures.accessDenied();
    const permit =
      "signature" in given
        ? await signatures.checkUpload(given.signature, `${bucket}/${name}`)
        : { owner: given.scope.caller.owner, upsert: given.upsert };
    return {
      bucket,
      name,
      ...permit,
      mimeType: metadata.contentType ?? "application/octet-stream",
      cacheControl: /^\d+$/.test(metadata.cacheControl ?? "")
        ? `max-age=${metadata.cacheControl}`
        : "no-cache",
      userMetadata: parseObject(metadata.metadata ?? undefined),
    };
  }

  async function finish(store: FileStore, upload: Upload, target: UploadTarget): Promise<void> {
    const file = join(folder, upload.id);
    const md5 = createHash("md5");
    await pipeline(createReadStream(file), md5);
    const { size } = await stat(file);
    const version = randomUUID();
    await services.files.adopt(file, version);
    await store.configstore.delete(upload.id);
    await completeUpload(services, target, { version, size, eTag: `"${md5.digest("hex")}"` });
  }

  const store = new FileStore({ directory: folder });
  const server = new Server({ ...optionsOf(store), datastore: store });
  return async (c) => {
    const { incoming, outgoing } = c.env;
    // TUS servers may give out what has come so far; Storage doesn't.
    if (c.req.method === "GET") throw failures.noSuchKey();
    if (isSigned(incoming)) {
      rights.set(incoming, { signature: c.req.header("x-signature") ?? "" });
    } else if (c.req.method !== "OPTIONS" && c.req.method !== "HEAD") {
      const operation = `storage.tus.upload.${operations[c.req.method] ?? "get"}`;
      rights.set(incoming, { scope: scopeOf(c, operation), upsert: c.req.header("x-upsert") === "true" });
    }
    await server.handle(incoming, outgoing);
    return RESPONSE_ALREADY_SENT;
  };
}

function parseMetadata(header: string): Record<string, string | null> {
  try {
    return Metadata.parse(header);
  } catch {
    throw failures.invalidRequest("Invalid Upload-Metadata header");
  }
}

const operations: Record<string, string> = { POST: "create", PATCH: "part", DELETE: "delete" };

const isSigned = (request: IncomingMessage) => request.url?.startsWith(`${path}/sign`) ?? false;

function nodeRequest(request: TusRequest): IncomingMessage {
  const incoming = request.runtime?.node?.req;
  if (!incoming) throw new StorageFailure(500, "InternalError", "The request has no connection.");
  return incoming as IncomingMessage;
}
