import { type Schema, type SchemaDraft, Validator } from "@cfworker/json-schema";

/** What a text is as a payload. */
export interface CheckedPayload {
  /** Undefined for an empty text: the task is run without a payload. */
  payload: unknown;
  /** Why the text is no JSON. */
  syntax: string | undefined;
  /** Where the payload isn't what the task's schema asks for. */
  mismatches: { at: string; message: string }[];
}

/** Checks a text as JSON, then against a task's schema where there is one. */
export function checkPayload(text: string, schema: unknown): CheckedPayload {
  if (text.trim() === "") return { payload: undefined, syntax: undefined, mismatches: [] };
  let payload: unknown;
  try {
    payload = JSON.parse(text);
  } catch (error) {
    return { payload: undefined, syntax: describeSyntax(error, text), mismatches: [] };
  }
  return { payload, syntax: undefined, mismatches: compare(payload, schema) };
}

/** Browsers name the place by its position, by line and column, or not at all. */
function describeSyntax(error: unknown, text: string): string {
  const message = error instanceof Error ? error.message : String(error);
  const position = /at position (\d+)/.exec(message)?.[1];
  if (position === undefined) return message;
  const before = text.slice(0, Number(position)).split("\n");
  const place = `Line ${before.length}, column ${(before.at(-1)?.length ?? 0) + 1}`;
  return `${place}: ${message.replace(/ (?:in JSON )?at position.*/, "")}`;
}

function compare(payload: unknown, schema: unknown): CheckedPayload["mismatches"] {
  if (schema === null || typeof schema !== "object") return [];
  try {
    const { valid, errors } = new Validator(schema as Schema, draftOf(schema as Schema), false).validate(
      payload,
    );
    if (valid) return [];
    // A wrong value is told once for itself and once for everything around it: only the innermost help.
    const innermost = errors.filter(
      ({ instanceLocation }) =>
        !errors.some((other) => other.instanceLocation.startsWith(`${instanceLocation}/`)),
    );
    return innermost
      .filter(({ keyword }) => innermost.length === 1 || !["properties", "items"].includes(keyword))
      .map(({ instanceLocation, error }) => ({
        at: instanceLocation.replace(/^#\/?/, "") || "payload",
        message: error,
      }));
  } catch {
    // A schema that points at others can't be judged here; the task itself checks the payload anyway.
    return [];
  }
}

function draftOf(schema: Schema): SchemaDraft {
  const name = String(schema.$schema ?? "");
  if (name.includes("draft-04")) return "4";
  if (name.includes("draft-07")) return "7";
  return name.includes("2019-09") ? "2019-09" : "2020-12";
}
