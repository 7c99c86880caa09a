import { randomUUID } from "node:crypto";
import { type Caller, serviceRole, type VerifyCaller } from "../caller.js";
import { failureOf, StorageFailure } from "../failure.js";
import type { StorageContext } from "../request.js";
import type { StorageServices } from "../uploads.js";
import {
  bucketLocation,
  bucketVersioning,
  headBucket,
  listAllBuckets,
  putBucket,
  removeBucket,
} from "./buckets.js";
import type { S3Credentials } from "./credentials.js";
import {
  abortMultipart,
  completeMultipart,
  createMultipart,
  uploadPart,
  uploadPartCopy,
} from "./multipart.js";
import { listMultiparts, listParts } from "./multipart-lists.js";
import {
  deleteObject,
  deleteObjects,
  getObject,
  listObjects,
  objectTagging,
  putCopy,
  putObject,
  xmlHeaders,
} from "./objects.js";
import { readTarget, type S3Handler } from "./request.js";
import { type ClaimedSignature, readSignature, verifySignature } from "./signature.js";
import { writeXml } from "./xml.js";

const notImplemented = () =>
  new StorageFailure(501, "NotImplemented", "This S3 command is not part of the embedded stack.");

export interface S3Options {
  services: StorageServices;
  /** The project's own access key, for whom no policy holds. */
  credentials: S3Credentials;
  /** Signs requests that come with a session token, whose user the policies then judge. */
  anonKey: string;
  verifyToken: VerifyCaller;
  onFailure: (message: string) => void;
}

/** `/s3`: the S3 protocol, each request verified by its AWS Signature Version 4 before anything else is read. */
export function createS3({ services, credentials, anonKey, verifyToken, onFailure }: S3Options) {
  const handlers = handlersOf(services);

  function secretOf({ accessKeyId, sessionToken }: ClaimedSignature): string {
    if (sessionToken) return anonKey;
    if (accessKeyId === credentials.accessKeyId) return credentials.secretAccessKey;
    throw new StorageFailure(
      403,
      "InvalidAccessKeyId",
      "The AWS Access Key Id you provided does not exist in our records.",
    );
  }

  const callerOf = async ({ sessionToken }: ClaimedSignature): Promise<Caller> =>
    sessionToken ? verifyToken(`Bearer ${sessionToken}`) : serviceRole;

  return async (c: StorageContext): Promise<Response> => {
    const { incoming } = c.env;
    try {
      const target = readTarget(incoming);
      // Its signature is among the fields, where nothing here looks.
      if (c.req.header("content-type")?.startsWith("multipart/form-data")) throw notImplemented();
      const signature = readSignature(incoming);
      const secret = secretOf(signature);
      verifySignature(incoming, signature, secret);
      const caller = await callerOf(signature);
      const handler = handlers[commandOf(c, target)];
      if (!handler) throw notImplemented();
      return await handler({ ...target, c, caller, signature, secret });
    } catch (error) {
      const failure = failureOf(error);
      if (failure.cause instanceof Error && failure.statusCode >= 500)
        onFailure(`${c.req.method} ${c.req.path}: ${failure.message}: ${failure.cause.message}`);
      const body = writeXml("Error", {
        Code: failure.code,
        Message: failure.message,
        Resource: c.req.path,
        RequestId: randomUUID(),
      });
      const status = failure.statusCode as 400;
      return c.req.method === "HEAD" ? c.body(null, status) : c.body(body, status, xmlHeaders);
    }
  };
}

function handlersOf(services: StorageServices): Record<string, S3Handler> {
  return {
    ListBuckets: listAllBuckets(services),
    HeadBucket: headBucket(services),
    GetBucketLocation: bucketLocation(services),
    GetBucketVersioning: bucketVersioning(services),
    CreateBucket: putBucket(services),
    DeleteBucket: removeBucket(services),
    ListObjects: listObjects(services),
    DeleteObjects: deleteObjects(services),
    GetObject: getObject(services),
    PutObject: putObject(services),
    CopyObject: putCopy(services),
    DeleteObject: deleteObject(services),
    CreateMultipartUpload: createMultipart(services),
    UploadPart: uploadPart(services),
    UploadPartCopy: uploadPartCopy(services),
    ListMultipartUploads: listMultiparts(services),
    GetObjectTagging: objectTagging(services),
    CompleteMultipartUpload: completeMultipart(services),
    AbortMultipartUpload: abortMultipart(services),
    ListParts: listParts(services),
  };
}

// What in the query makes another command of the same method and path; those that we don't have must not fall through to one we have.
const parameters = new Set(
  [
    "acl attributes cors delete lifecycle location legal-hold notification object-lock ownershipControls policy",
    "partNumber replication restore retention select tagging torrent uploadId uploads versioning versions website",
  ].flatMap((line) => line.split(" ")),
);

function commandOf(
  c: StorageContext,
  { bucket, key, query }: { bucket: string; key: string; query: URLSearchParams },
): string {
  const special = [...query.keys()].filter((name) => parameters.has(name)).sort();
  const level = key ? "object" : bucket ? "bucket" : "service";
  const copies = c.req.header("x-amz-copy-source") ? " copy" : "";
  return commands[`${c.req.method} ${level}${special.map((name) => ` ${name}`).join("")}${copies}`] ?? "";
}

const commands: Record<string, string> = {
  "GET service": "ListBuckets",
  "HEAD bucket": "HeadBucket",
  "GET bucket location": "GetBucketLocation",
  "GET bucket versioning": "GetBucketVersioning",
  "GET bucket uploads": "ListMultipartUploads",
  "GET object tagging": "GetObjectTagging",
  "PUT bucket": "CreateBucket",
  "DELETE bucket": "DeleteBucket",
  "GET bucket": "ListObjects",
  "POST bucket delete": "DeleteObjects",
  "GET object": "GetObject",
  "HEAD object": "GetObject",
  "PUT object": "PutObject",
  "PUT object copy": "CopyObject",
  "DELETE object": "DeleteObject",
  "POST object uploads": "CreateMultipartUpload",
  "PUT object partNumber uploadId": "UploadPart",
  "PUT object partNumber uploadId copy": "UploadPartCopy",
  "POST object uploadId": "CompleteMultipartUpload",
  "DELETE object uploadId": "AbortMultipartUpload",
  "GET object uploadId": "ListParts",
};
