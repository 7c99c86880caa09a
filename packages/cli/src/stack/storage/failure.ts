import { DatabaseError } from "pg";

/** An answer that isn't a success, in the codes and words of supabase/storage. */
export class StorageFailure extends Error {
  constructor(
    /** What the body says; the HTTP status itself is 400 for most, as on the real service. */
    readonly statusCode: number,
    readonly code: string,
    message: string,
    /** The older word for the same, in `error`. */
    readonly error: string = code,
    cause?: unknown,
  ) {
    super(message, { cause });
  }

  get httpStatus(): 400 | 500 {
    return this.statusCode >= 500 ? 500 : 400;
  }

  body(): Record<string, string> {
    return { statusCode: `${this.statusCode}`, error: this.error, message: this.message, code: this.code };
  }
}

export const failures = {
  noSuchBucket: () => new StorageFailure(404, "NoSuchBucket", "Bucket not found", "Bucket not found"),
  noSuchKey: () => new StorageFailure(404, "NoSuchKey", "Object not found", "not_found"),
  invalidKey: (key: string) =>
    new StorageFailure(400, "InvalidKey", `Invalid key: ${key.slice(0, 200)}`, "InvalidKey"),
  invalidBucketName: () =>
    new StorageFailure(400, "InvalidBucketName", "Bucket name invalid", "Invalid Input"),
  accessDenied: (message = "Access denied", cause?: unknown) =>
    new StorageFailure(403, "AccessDenied", message, "Unauthorized", cause),
  alreadyExists: () =>
    new StorageFailure(409, "ResourceAlreadyExists", "The resource already exists", "Duplicate"),
  bucketNotEmpty: () =>
    new StorageFailure(409, "ResourceNotEmpty", "The bucket you tried to delete is not empty"),
  tooLarge: () =>
    new StorageFailure(
      413,
      "EntityTooLarge",
      "The object exceeded the maximum allowed size",
      "Payload too large",
    ),
  invalidMimeType: (type: string) =>
    new StorageFailure(
      415,
      "InvalidMimeType",
      `mime type ${type.slice(0, 200)} is not supported`,
      "invalid_mime_type",
    ),
  invalidRequest: (message: string) => new StorageFailure(400, "InvalidRequest", message),
  /** What the real service's schema check refuses; it calls that `Error`. */
  invalidShape: (message: string) => new StorageFailure(400, "InvalidRequest", message, "Error"),
  noContent: (message = "No content provided") => new StorageFailure(400, "InvalidRequest", message),
  invalidToken: (message: string) => new StorageFailure(400, "InvalidJWT", message),
  invalidSignature: (message = "Invalid signature") => new StorageFailure(400, "InvalidSignature", message),
  preconditionFailed: () =>
    new StorageFailure(
      412,
      "PreconditionFailed",
      "At least one of the pre-conditions you specified did not hold",
    ),
  notImplemented: (what: string) =>
    new StorageFailure(501, "NotSupported", `${what} is not part of the embedded stack.`),
};

/** What a statement's refusal means to the caller. */
export function failureOf(error: unknown): StorageFailure {
  if (error instanceof StorageFailure) return error;
  if (!(error instanceof DatabaseError))
    return new StorageFailure(500, "InternalError", "Internal Server Error", "Internal", error);
  switch (error.code) {
    case "42501":
      return failures.accessDenied(
        error.message.includes("row-level security")
          ? "new row violates row-level security policy"
          : error.message,
        error,
      );
    case "23505":
      return failures.alreadyExists();
    case "23503":
      return new StorageFailure(
        404,
        "RelatedResourceNotFound",
        "The related resource does not exist",
        "not_found",
      );
    case "42704":
      return failures.accessDenied(error.message, error);
    // A NUL, which Postgres' text can't hold; a negative limit or offset.
    case "22021":
    case "22P05":
    case "2201W":
    case "2201X":
    case "22P02":
    case "22023":
      return new StorageFailure(400, "InvalidParameter", error.message);
    case "42P17":
      return new StorageFailure(
        500,
        "DatabaseInvalidObjectDefinition",
        error.message,
        "InternalError",
        error,
      );
    default:
      return new StorageFailure(
        500,
        "DatabaseError",
        `database error, code: ${error.code}`,
        "DatabaseError",
        error,
      );
  }
}
