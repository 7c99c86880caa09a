import { formatJson } from "../format.js";

/** How deep a payload is drafted; a schema may contain itself. */
const deepest = 4;

/** The text a form begins with: the last payload, else one that has what the schema asks for. */
export function beginPayload(lastPayload: unknown, schema: unknown): string {
  if (lastPayload !== undefined && lastPayload !== null) return formatJson(lastPayload);
  return formatJson(draft(schema, 0) ?? {});
}

/** A value of the shape that a schema describes, with its own examples where it gives any. */
function draft(schema: unknown, depth: number): unknown {
  if (typeof schema !== "object" || schema === null || depth > deepest) return null;
  const {
    default: usual,
    examples,
    const: only,
    enum: choices,
    type,
    properties,
    required,
    minimum,
  } = schema as Record<string, unknown>;
  const given = [
    usual,
    Array.isArray(examples) ? examples[0] : undefined,
    only,
    Array.isArray(choices) ? choices[0] : undefined,
  ];
  const first = given.find((value) => value !== undefined);
  if (first !== undefined) return first;
  if (type === "object" || properties) {
    const wanted = Array.isArray(required) ? required : [];
    return Object.fromEntries(
      Object.entries((properties ?? {}) as Record<string, unknown>)
        .filter(([name]) => wanted.includes(name))
        .map(([name, inner]) => [name, draft(inner, depth + 1)]),
    );
  }
  if (type === "string") return "";
  if (type === "number" || type === "integer") return typeof minimum === "number" ? minimum : 0;
  if (type === "boolean") return false;
  return type === "array" ? [] : null;
}
