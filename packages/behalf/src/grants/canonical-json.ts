const maxDepth = 128;

/**
 * The canonical JSON of a value (RFC 8785, JSON Canonicalization Scheme): members sorted by UTF-16 code units, no white
 * space, numbers and strings as ECMAScript writes them. Values count as `JSON.stringify` sees them: `toJSON` applies,
 * and members that are undefined are left out.
 *
 * @throws TypeError for what JSON can't hold without loss, such as a Map, a bigint, NaN or a lone surrogate.
 */
export function canonicalJson(value: unknown): string {
  return write(value, "", 0);
}

function write(value: unknown, name: string, depth: number): string {
  if (depth > maxDepth) throw new TypeError("nested too deeply, or in a circle");
  const plain = hasToJson(value) ? value.toJSON(name) : value;
  switch (typeof plain) {
    case "string":
      if (!plain.isWellFormed()) throw new TypeError("a string has half a surrogate pair");
      return JSON.stringify(plain);
    case "number":
      if (!Number.isFinite(plain)) throw new TypeError("a number is not finite");
      return JSON.stringify(plain);
    case "boolean":
      return String(plain);
    case "object":
      if (plain === null) return "null";
      if (Array.isArray(plain)) return writeArray(plain, depth);
      if (Object.prototype.toString.call(plain) === "[object Object]") return writeObject(plain, depth);
  }
  throw new TypeError(`JSON has no ${describe(plain)}`);
}

// Not map: it passes over holes, which JSON writes as null.
function writeArray(list: readonly unknown[], depth: number): string {
  const items = Array.from(list, (item, at) =>
    item === undefined ? "null" : write(item, String(at), depth + 1),
  );
  return `[${items.join(",")}]`;
}

function writeObject(object: object, depth: number): string {
  const members = Object.entries(object)
    .filter(([, member]) => member !== undefined)
    // The default order compares UTF-16 code units, as the RFC asks.
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, member]) => `${write(name, "", depth)}:${write(member, name, depth + 1)}`);
  return `{${members.join(",")}}`;
}

function hasToJson(value: unknown): value is { toJSON(name: string): unknown } {
  return typeof (value as { toJSON?: unknown } | null | undefined)?.toJSON === "function";
}

function describe(value: unknown): string {
  return typeof value === "object" ? Object.prototype.toString.call(value).slice(8, -1) : typeof value;
}
