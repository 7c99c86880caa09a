import { createHmac } from "node:crypto";

/** What an S3 client is given. These keys pass over the policies, as a project's S3 access keys do. */
export interface S3Credentials {
  accessKeyId: string;
  secretAccessKey: string;
}

/** Made from the project's secret, so that they stay the same as long as it does. */
export function s3Credentials(jwtSecret: string): S3Credentials {
  const derive = (what: string) => createHmac("sha256", jwtSecret).update(what).digest("hex");
  return {
    accessKeyId: derive("storage s3 access key id").slice(0, 32),
    secretAccessKey: derive("storage s3 secret access key"),
  };
}
