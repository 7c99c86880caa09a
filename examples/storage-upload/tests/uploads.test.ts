import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { type BehalfSuite, startBehalf } from "@behalf/cli/testing";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Database } from "../database.types.ts";
import type { guideUploadThroughS3 } from "../trigger/guide/upload-through-s3.ts";
import type { guideUpload } from "../trigger/guide/upload-with-service-role.ts";
import type { uploadAsUser } from "../trigger/upload-as-user.ts";
import type { uploadThroughS3 } from "../trigger/upload-through-s3.ts";

const ada = "11111111-1111-4111-8111-111111111111";
const grace = "22222222-2222-4222-8222-222222222222";
const picture = Buffer.from("89504e470d0a1a0a and some pixels");

let suite: BehalfSuite<Database>;
let origin: Server;
let url: string;
beforeAll(async () => {
  origin = createServer((_request, response) => {
    response.writeHead(200, { "content-type": "image/png", "content-length": picture.length }).end(picture);
  });
  await new Promise<void>((resolve) => origin.listen(0, "127.0.0.1", resolve));
  url = `http://127.0.0.1:${(origin.address() as AddressInfo).port}/picture.png`;
  suite = await startBehalf<Database>({ dir: dirname(dirname(fileURLToPath(import.meta.url))) });
});
afterAll(async () => {
  await suite?.stop();
  origin?.close();
});

async function download(userId: string, path: string) {
  const { data, error } = await (await suite.asUser(userId)).storage.from("uploads").download(path);
  return error ? "refused" : Buffer.from(await data.arrayBuffer());
}

test("as the user: into their own folder, where nobody else reads it", async () => {
  const run = await suite.runTask<typeof uploadAsUser>("upload-as-user", {
    userId: ada,
    url,
    name: "picture.png",
  });
  expect(run).toMatchObject({ ok: true, output: { path: `${ada}/picture.png` } });
  expect(await download(ada, `${ada}/picture.png`)).toEqual(picture);
  expect(await download(grace, `${ada}/picture.png`)).toBe("refused");
});

test("as the user: not into another's folder", async () => {
  const run = await suite.runTask<typeof uploadAsUser>("upload-as-user", {
    userId: grace,
    url,
    name: `../${ada}/picture.png`,
  });
  expect(run).toMatchObject({ ok: false });
  expect(await download(ada, `${ada}/picture.png`)).toEqual(picture);
});

test("through S3 as the user: the same policy decides", async () => {
  const upload = (userId: string, key: string) =>
    suite.runTask<typeof uploadThroughS3>("upload-through-s3", { userId, url, key });
  expect(await upload(grace, `${grace}/from-s3.png`)).toMatchObject({ ok: true });
  expect(await download(grace, `${grace}/from-s3.png`)).toEqual(picture);
  expect(await download(ada, `${grace}/from-s3.png`)).toBe("refused");
  const refused = await upload(grace, `${ada}/from-s3.png`);
  expect(refused).toMatchObject({ ok: false, error: { name: "AccessDenied" } });
  expect(await download(ada, `${ada}/from-s3.png`)).toBe("refused");
});

// What the comparison is about: nothing says whose folder it may be.
test("as the guide writes it: into anybody's folder, through S3 and through supabase-js", async () => {
  const s3 = await suite.runTask<typeof guideUploadThroughS3>("guide-upload-through-s3", {
    url,
    key: `${ada}/anybody-s3.png`,
  });
  expect(s3).toMatchObject({ ok: true });
  expect(await download(ada, `${ada}/anybody-s3.png`)).toEqual(picture);

  const path = `${ada}/anybody.png`;
  expect(await suite.runTask<typeof guideUpload>("guide-upload", { url, path })).toMatchObject({ ok: true });
  expect(await download(ada, path)).toEqual(picture);
});
