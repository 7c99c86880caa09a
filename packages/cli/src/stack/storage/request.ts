import type { Context } from "hono";
import type { GatewayEnv } from "../gateway/types.js";
import type { Caller } from "./caller.js";
import type { RequestScope } from "./database.js";
import { failures } from "./failure.js";

export interface StorageEnv extends GatewayEnv {
  Variables: GatewayEnv["Variables"] & {
    /** Set on every route but those of public and signed URLs. */
    caller: Caller;
    authenticated: boolean;
  };
}

export type StorageContext = Context<StorageEnv>;

export function scopeOf(c: StorageContext, operation: string): RequestScope {
  return {
    caller: c.var.caller,
    operation,
    method: c.req.method,
    path: c.req.path,
    headers: c.req.header(),
  };
}

/** A JSON body, read field by field; what isn't of the asked kind is the caller's mistake. */
export class Body {
  readonly #fields: Record<string, unknown>;

  constructor(fields: Record<string, unknown>) {
    this.#fields = fields;
  }

  static async of(c: StorageContext): Promise<Body> {
    const text = await c.req.text();
    if (text === "") return new Body({});
    let fields: unknown;
    try {
      fields = JSON.parse(text);
    } catch {
      throw failures.invalidRequest("Body is not valid JSON");
    }
    if (typeof fields !== "object" || fields === null || Array.isArray(fields))
      throw failures.invalidShape("body must be object");
    return new Body(fields as Record<string, unknown>);
  }

  text(name: string): string | undefined {
    return this.#typed(name, (value) => typeof value === "string", "string");
  }

  oneOf<const T extends string>(name: string, values: readonly T[]): T | undefined {
    const value = this.text(name);
    if (value === undefined || values.some((allowed) => allowed === value)) return value as T | undefined;
    throw failures.invalidShape(`body/${name} must be equal to one of the allowed values`);
  }

  /** @throws {StorageFailure} where it is missing. */
  required(name: string): string {
    const value = this.text(name);
    if (value === undefined) throw failures.invalidShape(`body must have required property '${name}'`);
    return value;
  }

  flag(name: string): boolean | undefined {
    return this.#typed(name, (value) => typeof value === "boolean", "boolean");
  }

  whole(name: string, minimum: number): number | undefined {
    return this.#typed(
      name,
      (value) => Number.isSafeInteger(value) && (value as number) >= minimum,
      `integer >= ${minimum}`,
    );
  }

  texts(name: string): string[] | undefined {
    return this.#typed(
      name,
      (value) => Array.isArray(value) && value.every((item) => typeof item === "string"),
      "array of strings",
    );
  }

  body(name: string): Body | undefined {
    const value = this.#typed<Record<string, unknown>>(
      name,
      (item) => typeof item === "object" && !Array.isArray(item),
      "object",
    );
    return value === undefined ? undefined : new Body(value);
  }

  has(name: string): boolean {
    return name in this.#fields;
  }

  /** Null counts as left out; {@link has} tells them apart. */
  #typed<T>(name: string, accepts: (value: unknown) => boolean, kind: string): T | undefined {
    const value = this.#fields[name];
    if (value === undefined || value === null) return undefined;
    if (accepts(value)) return value as T;
    throw failures.invalidShape(`body/${name} must be ${kind}`);
  }

  /** A number, or a text such as `20MB`. */
  size(name: string): number | string | undefined {
    return this.#typed(
      name,
      (value) => typeof value === "string" || (typeof value === "number" && value >= 0),
      "number or string",
    );
  }
}

/** `x-metadata`: base64 of a JSON object; anything else counts as none, as on the real service. */
export function userMetadataOf(encoded: string | undefined): Record<string, unknown> | undefined {
  if (!encoded) return undefined;
  return parseObject(Buffer.from(encoded, "base64").toString());
}

export function parseObject(text: string | undefined): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text ?? "");
    return typeof value === "object" && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}
