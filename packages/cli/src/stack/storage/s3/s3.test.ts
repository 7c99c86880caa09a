import { randomBytes } from "node:crypto";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { Readable } from "node:stream";
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetObjectAclCommand,
  GetObjectCommand,
  GetObjectTaggingCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  ListBucketsCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  ListPartsCommand,
  PutObjectCommand,
  S3Client,
  UploadPartCommand,
  UploadPartCopyCommand,
} from "@aws-sdk/client-s3";
import { SignJWT } from "jose";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ada, grace, startTestStack, type TestStack } from "../../test-support.js";

let stack: TestStack;
let s3: S3Client;
let adas: S3Client;
let graces: S3Client;

beforeAll(async () => {
  stack = await startTestStack({
    "supabase/migrations/20260101000000_storage.sql": `
      insert into storage.buckets (id, name, file_size_limit) values ('files', 'files', 20000000), ('tiny', 'tiny', 10);
      create policy "own folder" on storage.objects for all to authenticated
        using ((storage.foldername(name))[1] = (select auth.uid()::text));`,
  });
  s3 = connect();
  adas = connect(await session(ada));
  graces = connect(await session(grace));
});
afterAll(async () => {
  for (const client of [s3, adas, graces]) client?.destroy();
  await stack.end();
});

function connect(credentials: object = {}): S3Client {
  const { endpoint, region, accessKeyId, secretAccessKey } = stack.s3;
  return new S3Client({
    endpoint,
    region,
    forcePathStyle: true,
    maxAttempts: 1,
    credentials: { accessKeyId, secretAccessKey, ...credentials },
  });
}

/** As the Supabase docs say: the project's reference, its anon key, and the user's own token. */
async function session(sub: string, secret = stack.keys.jwtSecret) {
  const sessionToken = await new SignJWT({ sub, role: "authenticated" })
    .setProtectedHeader({ alg: "HS256" })
    .setExpirationTime("1h")
    .sign(new TextEncoder().encode(secret));
  return { accessKeyId: "local", secretAccessKey: stack.keys.anonKey, sessionToken };
}

const at = (Key: string) => ({ Bucket: "files", Key });
const put = (Key: string, Body: string | Buffer | Readable, more = {}) =>
  new PutObjectCommand({ ...at(Key), Body, ...more });

async function bytesOf(client: S3Client, key: string, more = {}): Promise<Buffer> {
  const { Body } = await client.send(new GetObjectCommand({ ...at(key), ...more }));
  return Buffer.from((await Body?.transformToByteArray()) ?? []);
}

test("an object goes up whole or streamed, and comes back, also in parts, and through supabase-js", async () => {
  const content = randomBytes(400_000);
  const described = { ContentType: "image/png", CacheControl: "max-age=60", Metadata: { n: "1" } };
  await s3.send(put("a b/whole+1.bin", content, described));
  expect((await bytesOf(s3, "a b/whole+1.bin")).equals(content)).toBe(true);
  expect(
    (await bytesOf(s3, "a b/whole+1.bin", { Range: "bytes=10-19" })).equals(content.subarray(10, 20)),
  ).toBe(true);
  expect(await s3.send(new HeadObjectCommand(at("a b/whole+1.bin")))).toMatchObject({
    ContentLength: 400_000,
    ...described,
  });
  await s3.send(put("streamed.bin", Readable.from([content, content]), { ContentLength: 800_000 }));
  expect((await bytesOf(s3, "streamed.bin")).equals(Buffer.concat([content, content]))).toBe(true);
  await s3.send(put("empty", ""));
  expect((await bytesOf(s3, "empty")).length).toBe(0);
  const { data } = await stack.client(stack.keys.secretKey).storage.from("files").info("a b/whole+1.bin");
  expect(data).toMatchObject({ size: 400_000, contentType: "image/png" });
});

test("a session token's user is who the policies judge", async () => {
  const key = `${ada}/mine.txt`;
  await adas.send(put(key, "ada's"));
  expect((await bytesOf(adas, key)).toString()).toBe("ada's");
  await expect(graces.send(put(key, "x"))).rejects.toMatchObject({ name: "AccessDenied" });
  await expect(bytesOf(graces, key)).rejects.toMatchObject({ name: "NoSuchKey" });
  await expect(graces.send(new HeadObjectCommand(at(key)))).rejects.toMatchObject({ name: "NotFound" });
  await expect(graces.send(new DeleteObjectCommand(at(key)))).rejects.toMatchObject({ name: "AccessDenied" });
  await graces.send(new DeleteObjectCommand(at(`${ada}/nothing.txt`)));
  const gone = await graces.send(
    new DeleteObjectsCommand({ Bucket: "files", Delete: { Objects: [{ Key: key }, { Key: "nothing" }] } }),
  );
  expect(gone).toMatchObject({
    Errors: [{ Key: key, Code: "AccessDenied" }],
    Deleted: [{ Key: "nothing" }],
  });
  const copy = new CopyObjectCommand({ ...at(`${grace}/stolen.txt`), CopySource: `files/${key}` });
  await expect(graces.send(copy)).rejects.toMatchObject({ name: "NoSuchKey" });
  expect((await graces.send(new ListObjectsV2Command({ Bucket: "files" }))).Contents).toBeUndefined();
  expect((await bytesOf(adas, key)).toString()).toBe("ada's");
});

test("a signature that isn't the project's, or isn't of this request, is refused", async () => {
  const refused = async (credentials: object, name: string) => {
    const client = connect(credentials);
    await expect(client.send(new ListBucketsCommand({}))).rejects.toMatchObject({ name });
    client.destroy();
  };
  await refused({ secretAccessKey: "wrong" }, "SignatureDoesNotMatch");
  await refused({ accessKeyId: "unknown" }, "InvalidAccessKeyId");
  await refused(await session(ada, "another secret that is long enough to be one"), "AccessDenied");
  await refused({ ...(await session(ada)), secretAccessKey: "wrong" }, "SignatureDoesNotMatch");

  let signed: { headers: Record<string, string>; path: string; query: Record<string, string> } | undefined;
  const spying = connect();
  spying.middlewareStack.add(
    (next) => (args) => {
      signed = args.request as typeof signed;
      return next(args);
    },
    { step: "finalizeRequest", priority: "low" },
  );
  await spying.send(put("spied.txt", "original"));
  spying.destroy();
  const { headers = {}, query } = signed ?? {};
  const path = `${signed?.path}?${new URLSearchParams(query)}`;
  const replay = (url: string, body: string, changed = {}) =>
    fetch(`${new URL(stack.url).origin}${url}`, { method: "PUT", headers: { ...headers, ...changed }, body });
  expect((await replay(path, "original")).status).toBe(200);
  expect((await replay(path, "tampered")).status).toBe(400);
  expect((await replay(path.replace("spied", "other"), "original")).status).toBe(403);
  expect((await replay(path, "original", { "x-amz-date": "20200101T000000Z" })).status).toBe(403);
  expect((await replay(path, "original", { authorization: "" })).status).toBe(403);
  expect((await bytesOf(s3, "spied.txt")).toString()).toBe("original");
});

test("listing folds what lies below a delimiter, page by page", async () => {
  for (const key of ["list/1", "list/2", "list/sub/3", "list/sub/4", "list/z"]) await s3.send(put(key, key));
  const list = (more: object) =>
    s3.send(new ListObjectsV2Command({ Bucket: "files", Prefix: "list/", Delimiter: "/", ...more }));
  const first = await list({ MaxKeys: 3 });
  expect(first).toMatchObject({ IsTruncated: true, KeyCount: 3 });
  expect(first.Contents?.map(({ Key }) => Key)).toEqual(["list/1", "list/2"]);
  expect(first.CommonPrefixes).toEqual([{ Prefix: "list/sub/" }]);
  // A page of none would never end.
  expect(await list({ MaxKeys: 0 })).toMatchObject({ IsTruncated: false, KeyCount: 4 });
  const second = await list({ ContinuationToken: first.NextContinuationToken });
  expect(second.Contents?.map(({ Key }) => Key)).toEqual(["list/z"]);
  expect((await s3.send(new ListBucketsCommand({}))).Buckets?.map(({ Name }) => Name)).toEqual([
    "files",
    "tiny",
  ]);
  await expect(s3.send(new ListObjectsV2Command({ Bucket: "none" }))).rejects.toMatchObject({
    name: "NoSuchBucket",
  });
  await expect(s3.send(new HeadBucketCommand({ Bucket: "none" }))).rejects.toMatchObject({
    name: "NotFound",
  });
});

test("an upload in parts becomes one object, and leaves nothing else behind", async () => {
  const parts = [randomBytes(6_000_000), randomBytes(6_000_000), randomBytes(1_000)];
  const key = `${ada}/parts.bin`;
  const start = new CreateMultipartUploadCommand({ ...at(key), ContentType: "text/plain" });
  const { UploadId } = await adas.send(start);
  const upload = { ...at(key), UploadId };
  const tags = [];
  for (const [index, Body] of parts.entries()) {
    const PartNumber = index + 1;
    const { ETag } = await adas.send(new UploadPartCommand({ ...upload, PartNumber, Body }));
    tags.push({ PartNumber, ETag });
  }
  await expect(
    graces.send(new UploadPartCommand({ ...upload, PartNumber: 1, Body: "x" })),
  ).rejects.toMatchObject({ name: "AccessDenied" });
  const numbers = async (more: object) => {
    const { Parts, IsTruncated } = await adas.send(new ListPartsCommand({ ...upload, ...more }));
    return [Parts?.map(({ PartNumber }) => PartNumber), IsTruncated];
  };
  expect(await numbers({ MaxParts: 2 })).toEqual([[1, 2], true]);
  expect(await numbers({ PartNumberMarker: "2" })).toEqual([[3], false]);
  await expect(
    adas.send(
      new CompleteMultipartUploadCommand({ ...upload, MultipartUpload: { Parts: tags.toReversed() } }),
    ),
  ).rejects.toMatchObject({ name: "InvalidPartOrder" });
  const wrong = [{ PartNumber: 1, ETag: '"0"' }];
  await expect(
    adas.send(new CompleteMultipartUploadCommand({ ...upload, MultipartUpload: { Parts: wrong } })),
  ).rejects.toMatchObject({ name: "InvalidPart" });
  const done = await adas.send(
    new CompleteMultipartUploadCommand({ ...upload, MultipartUpload: { Parts: tags } }),
  );
  expect(done.ETag).toMatch(/^"[0-9a-f]{32}-3"$/);
  expect((await bytesOf(adas, key)).equals(Buffer.concat(parts))).toBe(true);

  const begun = await adas.send(start);
  const copied = { ...at(key), UploadId: begun.UploadId, CopySource: `files/${key}`, PartNumber: 1 };
  await expect(graces.send(new UploadPartCopyCommand(copied))).rejects.toMatchObject({ name: "NoSuchKey" });
  await adas.send(new UploadPartCopyCommand({ ...copied, CopySourceRange: "bytes=0-5999999" }));
  const { Uploads } = await s3.send(new ListMultipartUploadsCommand({ Bucket: "files", Prefix: ada }));
  expect(Uploads).toMatchObject([{ Key: key, UploadId: begun.UploadId }]);
  // No list of parts means all of them.
  await adas.send(new CompleteMultipartUploadCommand({ ...at(key), UploadId: begun.UploadId }));
  expect((await bytesOf(adas, key)).equals(parts[0] as Buffer)).toBe(true);

  const abandoned = { ...at(key), UploadId: (await adas.send(start)).UploadId };
  await adas.send(new UploadPartCommand({ ...abandoned, PartNumber: 1, Body: "x" }));
  await adas.send(new AbortMultipartUploadCommand(abandoned));
  await expect(adas.send(new ListPartsCommand(abandoned))).rejects.toMatchObject({ name: "NoSuchUpload" });

  const folder = join(stack.folder.path, ".behalf", "storage", "objects");
  const files = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((name) => name.length > 2);
  const { KeyCount } = await s3.send(new ListObjectsV2Command({ Bucket: "files" }));
  expect(files).toHaveLength(KeyCount ?? 0);
});

test("what a request asks of an object's answer, and of a copy's original, counts", async () => {
  await s3.send(put("asked.txt", "0123456789"));
  const asked = await s3.send(
    new GetObjectCommand({
      ...at("asked.txt"),
      ResponseContentType: "text/x",
      ResponseContentDisposition: "inline",
    }),
  );
  expect(asked).toMatchObject({ ContentType: "text/x", ContentDisposition: "inline" });
  await expect(bytesOf(s3, "asked.txt", { Range: "bytes=10-" })).rejects.toMatchObject({
    name: "InvalidRange",
  });
  const copy = (condition: object) =>
    s3.send(new CopyObjectCommand({ ...at("copied.txt"), CopySource: "files/asked.txt", ...condition }));
  for (const condition of [
    { CopySourceIfMatch: '"0"' },
    { CopySourceIfNoneMatch: asked.ETag },
    { CopySourceIfUnmodifiedSince: new Date(0) },
    { CopySourceIfModifiedSince: new Date(Date.now() + 3_600_000) },
  ])
    await expect(copy(condition)).rejects.toMatchObject({ name: "PreconditionFailed" });
  await copy({ CopySourceIfMatch: asked.ETag, CopySourceIfModifiedSince: new Date(0) });
  expect((await bytesOf(s3, "copied.txt")).toString()).toBe("0123456789");
});

test("a trailer that was announced and doesn't come", async () => {
  const dropping = connect();
  dropping.middlewareStack.add(
    (next) => (args) => {
      const { headers } = args.request as { headers: Record<string, string> };
      headers["x-amz-trailer"] = "x-amz-checksum-sha512";
      return next(args);
    },
    { step: "build", priority: "low" },
  );
  const streamed = put("untrailed.bin", Readable.from([randomBytes(1_000)]), { ContentLength: 1_000 });
  await expect(dropping.send(streamed)).rejects.toMatchObject({ name: "IncompleteBody" });
  dropping.destroy();
  await expect(bytesOf(s3, "untrailed.bin")).rejects.toMatchObject({ name: "NoSuchKey" });
});

test("limits hold, and what isn't there says so instead of doing something else", async () => {
  const large = new PutObjectCommand({ Bucket: "tiny", Key: "x", Body: "0123456789a" });
  await expect(s3.send(large)).rejects.toMatchObject({ name: "EntityTooLarge" });
  await expect(s3.send(put("a/../b", "x"))).rejects.toThrow();
  expect((await s3.send(new GetObjectTaggingCommand(at("empty")))).TagSet).toEqual([]);
  const form = new FormData();
  form.set("policy", "e30=");
  expect((await fetch(`${stack.s3.endpoint}/files`, { method: "POST", body: form })).status).toBe(501);
  await expect(s3.send(new GetObjectAclCommand(at("empty")))).rejects.toMatchObject({
    name: "NotImplemented",
  });
});
