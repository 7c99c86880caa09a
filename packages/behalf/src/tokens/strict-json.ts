/**
 * Whether a JSON text gives any object the same name twice. Parsers differ in which of the two they take, so one party
 * could verify what another never sees. The text must already have been parsed without error.
 */
export function hasDuplicateNames(json: string): boolean {
  const scopes: (Set<string> | undefined)[] = [];
  let expectsName = false;
  for (let at = 0; at < json.length; at++) {
    const char = json[at];
    if (char === "{") {
      scopes.push(new Set());
      expectsName = true;
    } else if (char === "[") {
      scopes.push(undefined);
      expectsName = false;
    } else if (char === "}" || char === "]") {
      scopes.pop();
      expectsName = false;
    } else if (char === ",") {
      expectsName = scopes.at(-1) !== undefined;
    } else if (char === '"') {
      const end = endOfString(json, at);
      const names = scopes.at(-1);
      if (expectsName && names) {
        const name: string = JSON.parse(json.slice(at, end + 1));
        if (names.has(name)) return true;
        names.add(name);
        expectsName = false;
      }
      at = end;
    }
  }
  return false;
}

function endOfString(json: string, start: number): number {
  for (let at = start + 1; ; at++) {
    if (json[at] === "\\") at++;
    else if (json[at] === '"') return at;
  }
}
