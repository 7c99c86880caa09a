// As the public guide writes it, for comparison. S3's keys are the project's own: they pass over Row Level Security as the service role does, and nobody asks why.
import { Readable } from "node:stream";
import type { ReadableStream } from "node:stream/web";
import { PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { task } from "@trigger.dev/sdk";

const s3 = new S3Client({
  region: process.env.S3_REGION as string,
  endpoint: process.env.S3_ENDPOINT as string,
  credentials: {
    accessKeyId: process.env.S3_ACCESS_KEY_ID as string,
    secretAccessKey: process.env.S3_SECRET_ACCESS_KEY as string,
  },
  forcePathStyle: true,
});

export const guideUploadThroughS3 = task({
  id: "guide-upload-through-s3",
  run: async ({ url, key }: { url: string; key: string }) => {
    const response = await fetch(url);
    if (!response.ok || !response.body) throw new Error(`The download answered ${response.status}.`);
    await s3.send(
      new PutObjectCommand({
        Bucket: "uploads",
        Key: key,
        Body: Readable.fromWeb(response.body as ReadableStream),
        ContentLength: Number(response.headers.get("content-length")),
        ContentType: response.headers.get("content-type") ?? "application/octet-stream",
      }),
    );
    return { key };
  },
});
