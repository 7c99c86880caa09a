import type { Context } from "hono";
import { AuthFailure } from "./failure.js";
import type { AuthEnv } from "./types.js";

const limit = 1 << 20;

/** The fields of a JSON body. What a caller leaves out, or sends as null, is undefined. */
export class Input {
  readonly #fields: Record<string, unknown>;

  constructor(fields: Record<string, unknown>) {
    this.#fields = fields;
  }

  static async of(c: Context<AuthEnv>): Promise<Input> {
    const text = await c.req.text();
    if (text.length > limit)
      throw new AuthFailure(413, "request_entity_too_large", `Request body too large (max ${limit} bytes)`);
    let fields: unknown;
    try {
      fields = JSON.parse(text);
    } catch {
      throw new AuthFailure(400, "bad_json", "Could not parse request body as JSON: it is not valid JSON");
    }
    if (!isObject(fields))
      throw new AuthFailure(400, "bad_json", "Could not parse request body as JSON: it is no object");
    return new Input(fields);
  }

  text(name: string): string | undefined {
    return this.#typed(name, "string", (value) => typeof value === "string") as string | undefined;
  }

  flag(name: string): boolean {
    return (
      (this.#typed(name, "boolean", (value) => typeof value === "boolean") as boolean | undefined) ?? false
    );
  }

  object(name: string): Record<string, unknown> | undefined {
    return this.#typed(name, "object", isObject) as Record<string, unknown> | undefined;
  }

  /** Lower case, as GoTrue stores it. */
  email(name = "email"): string | undefined {
    const email = this.text(name);
    if (!email) return undefined;
    if (email.length > 255) throw new AuthFailure(400, "validation_failed", "An email address is too long");
    if (!/^[^\s@<>"(),:;[\]\\]+@[^\s@<>"(),:;[\]\\]+\.[^\s@.]+$|^[^\s@]+@localhost$/.test(email))
      throw new AuthFailure(400, "validation_failed", "Unable to validate email address: invalid format");
    return email.toLowerCase();
  }

  /** Digits only, as GoTrue stores it. */
  phone(name = "phone"): string | undefined {
    const phone = this.text(name)?.replace(/^\+/, "").replaceAll(" ", "");
    if (!phone) return undefined;
    if (!/^[1-9]\d{1,14}$/.test(phone))
      throw new AuthFailure(400, "validation_failed", "Invalid phone number format (E.164 required)");
    return phone;
  }

  #typed(name: string, kind: string, accepts: (value: unknown) => boolean): unknown {
    const value = this.#fields[name];
    if (value === undefined || value === null) return undefined;
    if (accepts(value)) return value;
    throw new AuthFailure(
      400,
      "bad_json",
      `Could not parse request body as JSON: ${name} must be of type ${kind}`,
    );
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

const unitSeconds: Record<string, number> = { ns: 1e-9, us: 1e-6, µs: 1e-6, ms: 1e-3, s: 1, m: 60, h: 3600 };

/** Seconds of a Go duration such as `24h` or `1h30m`; 0 for `none`, which lifts a ban. */
export function parseBanDuration(text: string): number {
  if (text === "none") return 0;
  const [, sign, rest] =
    /^([+-]?)((?:\d+(?:\.\d*)?|\.\d+)(?:ns|us|µs|ms|s|m|h)(?:(?:\d+(?:\.\d*)?|\.\d+)(?:ns|us|µs|ms|s|m|h))*|0)$/.exec(
      text,
    ) ?? [];
  if (rest === undefined)
    throw new AuthFailure(
      400,
      "validation_failed",
      `invalid format for ban duration: time: invalid duration "${text}"`,
    );
  let seconds = 0;
  for (const [, amount, unit] of rest.matchAll(/([\d.]+)([a-zµ]+)/g))
    seconds += Number(amount) * (unitSeconds[unit ?? ""] ?? 0);
  return sign === "-" ? -seconds : seconds;
}
