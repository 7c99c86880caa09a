import { randomBytes } from "node:crypto";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { SignJWT } from "jose";
import { Upload, type UploadOptions } from "tus-js-client";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ada, grace, startTestStack, type TestStack } from "../test-support.js";

let stack: TestStack;
let tokens: Record<string, string>;

beforeAll(async () => {
  stack = await startTestStack({
    "supabase/migrations/20260101000000_storage.sql": `
      insert into storage.buckets (id, name, file_size_limit) values ('files', 'files', 1000000);
      create policy "own folder" on storage.objects for all to authenticated
        using ((storage.foldername(name))[1] = (select auth.uid()::text));`,
  });
  const sign = (sub: string) =>
    new SignJWT({ sub, role: "authenticated" })
      .setProtectedHeader({ alg: "HS256" })
      .setExpirationTime("1h")
      .sign(new TextEncoder().encode(stack.keys.jwtSecret));
  tokens = { ada: await sign(ada), grace: await sign(grace) };
});
afterAll(() => stack.end());

/** As the Supabase docs show it for tus-js-client. Resolves when it is done, with the URL of the upload. */
function send(
  content: Buffer,
  name: string,
  token: string | undefined,
  options: Partial<UploadOptions> = {},
) {
  return new Promise<string>((resolve, reject) => {
    const upload: Upload = new Upload(content, {
      endpoint: `${stack.url}/storage/v1/upload/resumable`,
      retryDelays: null,
      headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
      uploadDataDuringCreation: true,
      removeFingerprintOnSuccess: true,
      metadata: {
        bucketName: "files",
        objectName: name,
        contentType: "text/plain",
        cacheControl: "60",
        metadata: JSON.stringify({ n: 1 }),
      },
      chunkSize: 100_000,
      onError: reject,
      onSuccess: () => resolve(upload.url ?? ""),
      ...options,
    });
    upload.start();
  });
}

const files = (who: string) => stack.client(undefined, { token: tokens[who] ?? "" }).storage.from("files");
const bytesOf = async (result: { data: Blob | null }) =>
  Buffer.from((await result.data?.arrayBuffer()) ?? new ArrayBuffer(0));

test("an upload in parts arrives whole, with what was said about it", async () => {
  const content = randomBytes(350_000);
  await send(content, `${ada}/parts.txt`, tokens.ada);
  expect((await bytesOf(await files("ada").download(`${ada}/parts.txt`))).equals(content)).toBe(true);
  expect((await files("ada").info(`${ada}/parts.txt`)).data).toMatchObject({
    size: 350_000,
    contentType: "text/plain",
    cacheControl: "max-age=60",
    metadata: { n: 1 },
  });
  expect(readdirSync(join(stack.folder.path, ".behalf", "storage", "resumable"))).toEqual([]);
});

test("what was cut off goes on where it stopped, and nobody sees it before its end", async () => {
  const content = randomBytes(350_000);
  const name = `${ada}/resumed.txt`;
  const url = await new Promise<string>((resolve, reject) => {
    const upload: Upload = new Upload(content, {
      endpoint: `${stack.url}/storage/v1/upload/resumable`,
      headers: { authorization: `Bearer ${tokens.ada}` },
      metadata: { bucketName: "files", objectName: name },
      chunkSize: 100_000,
      onError: reject,
      onChunkComplete: (_size, accepted) => {
        if (accepted === 200_000) upload.abort().then(() => resolve(upload.url ?? ""), reject);
      },
    });
    upload.start();
  });
  expect((await files("ada").download(name)).data).toBeNull();
  expect((await fetch(url)).status).toBe(400);
  const stolen = send(content, name, tokens.grace, { uploadUrl: url, endpoint: null as never });
  await expect(stolen).rejects.toThrow(/403/);
  await send(content, name, tokens.ada, { uploadUrl: url, endpoint: null as never });
  expect((await bytesOf(await files("ada").download(name))).equals(content)).toBe(true);
});

test("the policies and the bucket's limit decide before the first byte", async () => {
  const content = randomBytes(10);
  await expect(send(content, `${ada}/no.txt`, tokens.grace)).rejects.toThrow(/403.*row-level security/s);
  await expect(send(content, `${ada}/no.txt`, undefined)).rejects.toThrow(/authorization/);
  await expect(send(content, `${ada}/no.txt`, "garbage")).rejects.toThrow(/Unauthorized/);
  await expect(send(Buffer.alloc(1_000_001), `${ada}/no.txt`, tokens.ada)).rejects.toThrow(/413/);
  await expect(send(content, `${ada}/../no.txt`, tokens.ada)).rejects.toThrow(/Invalid key/);
  await send(content, `${ada}/once.txt`, tokens.ada);
  await expect(send(content, `${ada}/once.txt`, tokens.ada)).rejects.toThrow(/409/);
  const headers = { authorization: `Bearer ${tokens.ada}`, "x-upsert": "true" };
  await send(randomBytes(20), `${ada}/once.txt`, tokens.ada, { headers });
  expect((await files("ada").info(`${ada}/once.txt`)).data?.size).toBe(20);
});

test("what the protocol can do is told to whoever asks", async () => {
  for (const path of ["", "/sign"]) {
    const asked = await fetch(`${stack.url}/storage/v1/upload/resumable${path}`, { method: "OPTIONS" });
    expect([asked.status, asked.headers.get("tus-version")]).toEqual([204, "1.0.0"]);
  }
});

test("a signed permit uploads one object without a token", async () => {
  const permit = (await files("ada").createSignedUploadUrl(`${ada}/permit.txt`)).data?.token ?? "";
  const endpoint = `${stack.url}/storage/v1/upload/resumable/sign`;
  const headers = { "x-signature": permit };
  await send(randomBytes(250_000), `${ada}/permit.txt`, undefined, { endpoint, headers });
  expect((await files("ada").info(`${ada}/permit.txt`)).data?.size).toBe(250_000);
  await expect(send(randomBytes(5), `${ada}/other.txt`, undefined, { endpoint, headers })).rejects.toThrow(
    /Invalid signature/,
  );
});
