import { Readable } from "node:stream";
import type { ReadableStream } from "node:stream/web";
import { PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { task } from "@trigger.dev/sdk";
import { behalf } from "./supabase.ts";

/** An S3 client that acts as a user: with their token as the session's, the policies on storage.objects decide, as they do for supabase-js. */
function createUserS3(userId: string): S3Client {
  return new S3Client({
    region: process.env.S3_REGION as string,
    endpoint: process.env.S3_ENDPOINT as string,
    forcePathStyle: true,
    // Asked again before the token ends.
    credentials: async () => {
      const { token, expiresAt } = await behalf.mintToken(userId);
      return {
        accessKeyId: new URL(process.env.SUPABASE_URL as string).hostname.split(".")[0] as string,
        secretAccessKey: process.env.SUPABASE_ANON_KEY as string,
        sessionToken: token,
        expiration: expiresAt,
      };
    },
  });
}

/** Streams a file from a URL into the user's folder, without holding it in memory. */
export const uploadThroughS3 = task({
  id: "upload-through-s3",
  run: async ({ userId, url, key }: { userId: string; url: string; key: string }) => {
    const response = await fetch(url);
    if (!response.ok || !response.body) throw new Error(`The download answered ${response.status}.`);
    const length = response.headers.get("content-length");
    await createUserS3(userId).send(
      new PutObjectCommand({
        Bucket: "uploads",
        Key: key,
        Body: Readable.fromWeb(response.body as ReadableStream),
        ...(length ? { ContentLength: Number(length) } : {}),
        ContentType: response.headers.get("content-type") ?? "application/octet-stream",
      }),
    );
    return { key };
  },
});
