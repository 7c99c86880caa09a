import type { Context } from "hono";
import type { ContentfulStatusCode } from "hono/utils/http-status";

/** A request that is refused: the SDK shows the message, and repeats only what answers 5xx, 408, 409 or 429. */
export class ApiFailure extends Error {
  readonly status: ContentfulStatusCode;

  constructor(status: ContentfulStatusCode, message: string) {
    super(message);
    this.name = "ApiFailure";
    this.status = status;
  }
}

/** The value, or 404 that names what isn't there. */
export function found<T>(value: T | undefined, name: string): T {
  if (value === undefined) throw new ApiFailure(404, `${name} not found`);
  return value;
}

/** The part of a zod schema used here; those of @trigger.dev/core are of several zod versions. */
interface SchemaLike<T> {
  safeParse(value: unknown): { success: true; data: T } | { success: false; error: { message: string } };
}

/** A request's JSON body, checked. An absent body counts as `{}`. */
export async function readBody<T>(c: Context, schema: SchemaLike<T>): Promise<T> {
  const text = await c.req.text();
  return checkShape(parseJson(text === "" ? "{}" : text), schema);
}

export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new ApiFailure(400, "The request's body is not JSON.");
  }
}

export function checkShape<T>(value: unknown, schema: SchemaLike<T>): T {
  const result = schema.safeParse(value);
  if (!result.success) throw new ApiFailure(400, `Invalid request body: ${result.error.message}`);
  return result.data;
}
