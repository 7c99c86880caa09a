import { join } from "node:path";
import { Hono } from "hono";
import type { GatewayEnv } from "../gateway/types.js";
import type { StackKeys } from "../types.js";
import { anonymous, createVerifier } from "./caller.js";
import { StorageDatabase } from "./database.js";
import { failureOf, failures } from "./failure.js";
import { ObjectFiles } from "./files.js";
import { removeExpiredUploads, removeLeftovers } from "./leftovers.js";
import type { StorageContext, StorageEnv } from "./request.js";
import { bucketRoutes } from "./routes/buckets.js";
import { downloadRoutes, openDownloadRoutes } from "./routes/downloads.js";
import { objectRoutes } from "./routes/objects.js";
import { signedUploadRoutes, uploadRoutes } from "./routes/uploads.js";
import { s3Credentials } from "./s3/credentials.js";
import { UrlSignatures } from "./signatures.js";

export interface StorageOptions {
  /** Connection string of role `supabase_storage_admin`. */
  databaseUrl: string;
  keys: StackKeys;
  /** The stack's state directory; contents of objects are kept in `storage/` below it. */
  directory: string;
  /** Bytes that any object may have. */
  sizeLimit: number;
  /** Told of what went wrong on our side, as the real service's log is. */
  onFailure: (message: string) => void;
}

/** `/storage/v1`, mounted into the gateway. */
export interface Storage {
  app: Hono<GatewayEnv>;
  close(): Promise<void>;
}

/** The API of Supabase Storage over files on disk. Postgres policies on `storage.objects` and `storage.buckets` decide, under the caller's role and claims. */
export function createStorage(options: StorageOptions): Storage {
  const { databaseUrl, keys, directory, sizeLimit, onFailure } = options;
  const database = new StorageDatabase(databaseUrl);
  const folder = join(directory, "storage");
  const files = new ObjectFiles(folder);
  const services = { database, files, sizeLimit };
  const signatures = new UrlSignatures(keys.jwtSecret);
  const resumable = whenFirstUsed(async () => {
    const { createResumableUploads } = await import("./resumable.js");
    return createResumableUploads(services, signatures, folder);
  });
  const verify = createVerifier(keys);

  const app = new Hono<StorageEnv>();
  app.onError((error, c) => {
    const failure = failureOf(error);
    if (failure.cause instanceof Error && failure.httpStatus === 500)
      onFailure(`${c.req.method} ${c.req.path}: ${failure.message}: ${failure.cause.message}`);
    return c.json(failure.body(), failure.httpStatus);
  });
  app.get("/status", (c) => c.body(null, 200));
  app.get("/version", (c) => c.text("behalf"));
  app.all("/render/*", () => {
    throw failures.notImplemented("Image transformation");
  });
  app.all("/cdn/*", () => {
    throw failures.notImplemented("Purging a CDN");
  });
  app.all("/vector/*", () => {
    throw failures.notImplemented("Vector storage");
  });
  app.all("/iceberg/*", () => {
    throw failures.notImplemented("Analytics storage");
  });
  const s3 = whenFirstUsed(async () => {
    const { createS3 } = await import("./s3/app.js");
    const credentials = s3Credentials(keys.jwtSecret);
    return createS3({ services, credentials, anonKey: keys.anonKey, verifyToken: verify, onFailure });
  });
  app.all("/s3", s3);
  app.all("/s3/*", s3);
  app.route("/", openDownloadRoutes(services, signatures));
  app.route("/", signedUploadRoutes(services, signatures));
  app.all("/upload/resumable/sign", resumable);
  app.all("/upload/resumable/sign/:id", resumable);
  // Who asks what the protocol can do, or how far an upload has come, needs no token: an upload's id is the secret.
  app.on(["OPTIONS"], ["/upload/resumable", "/upload/resumable/:id"], resumable);
  app.get("/upload/resumable/:id", resumable);
  app.use(async (c, next) => {
    const given = c.var.authorization ?? c.req.header("authorization");
    // Who has no valid token may still read what is public.
    const reading = (c.req.method === "GET" || c.req.method === "HEAD") && c.req.path.includes("/object/");
    try {
      c.set("caller", await verify(given));
      c.set("authenticated", true);
    } catch (error) {
      if (!reading || c.req.path.includes("/object/authenticated/")) throw error;
      c.set("caller", anonymous);
      c.set("authenticated", false);
    }
    await next();
  });
  app.route("/", bucketRoutes(services));
  app.route("/", objectRoutes(services, signatures));
  app.route("/", downloadRoutes(services));
  app.route("/", uploadRoutes(services));
  app.post("/upload/resumable", resumable);
  app.on(["PATCH", "DELETE"], "/upload/resumable/:id", resumable);

  // Beside everything else: nobody waits for it but who closes.
  const tidied = removeLeftovers(services)
    .then(() => removeExpiredUploads(folder))
    .catch((error: Error) => onFailure(`Storage could not tidy up: ${error.message}`));
  return {
    app: app as unknown as Hono<GatewayEnv>,
    async close() {
      await tidied;
      await database.close();
    },
  };
}

type StorageHandler = (c: StorageContext) => Promise<Response>;

/** What needs libraries of its own is loaded by its first request: most stacks never see one. */
function whenFirstUsed(load: () => Promise<StorageHandler>): StorageHandler {
  let loaded: Promise<StorageHandler> | undefined;
  return async (c) => {
    loaded ??= load();
    return (await loaded)(c);
  };
}
