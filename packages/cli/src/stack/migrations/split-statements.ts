export interface Statement {
  text: string;
  /** Where it starts in the file, in UTF-16 units. */
  offset: number;
}

const token =
  /--[^\n]*|\/\*|'|[eE]'|"(?:[^"]|"")*"|\$(?:[A-Za-z_\u0080-\uFFFF][\w\u0080-\uFFFF]*)?\$|;|\b(?:begin\s+atomic|case|end)\b/gi;

/** Cuts SQL into its statements, mindful of strings, dollar quotes, nested comments and `begin atomic … end` bodies. */
export function splitStatements(sql: string): Statement[] {
  const statements: Statement[] = [];
  const cut = (from: number, to: number) => {
    const offset = from + leadingSpace(sql.slice(from, to));
    const text = sql.slice(offset, to).trim();
    if (text) statements.push({ text, offset });
  };
  const scanner = new RegExp(token);
  let start = 0;
  let depth = 0;
  for (let match = scanner.exec(sql); match; match = scanner.exec(sql)) {
    const found = match[0].toLowerCase();
    if (found === "/*") scanner.lastIndex = endOfComment(sql, match.index);
    else if (found === "'" || found === "e'")
      scanner.lastIndex = endOfString(sql, scanner.lastIndex, found === "e'");
    else if (found.startsWith("$")) scanner.lastIndex = endAfter(sql, match[0], scanner.lastIndex);
    else if (found.startsWith("begin")) depth += 1;
    else if (found === "case" && depth > 0) depth += 1;
    else if (found === "end" && depth > 0) depth -= 1;
    else if (found === ";" && depth === 0) {
      cut(start, match.index);
      start = scanner.lastIndex;
    }
  }
  cut(start, sql.length);
  return statements;
}

/** White space and comments before a statement aren't part of where it starts. */
function leadingSpace(text: string): number {
  let index = 0;
  for (;;) {
    const found = /^(?:\s+|--[^\n]*(?:\n|$))/.exec(text.slice(index));
    if (found) index += found[0].length;
    else if (text.startsWith("/*", index)) index = endOfComment(text, index);
    else return index;
  }
}

function endOfComment(sql: string, start: number): number {
  const edge = /\/\*|\*\//g;
  edge.lastIndex = start;
  let depth = 0;
  for (let match = edge.exec(sql); match; match = edge.exec(sql)) {
    depth += match[0] === "/*" ? 1 : -1;
    if (depth === 0) return edge.lastIndex;
  }
  return sql.length;
}

function endOfString(sql: string, start: number, escapes: boolean): number {
  const edge = escapes ? /\\[\s\S]|''|'/g : /''|'/g;
  edge.lastIndex = start;
  for (let match = edge.exec(sql); match; match = edge.exec(sql)) {
    if (match[0] === "'") return edge.lastIndex;
  }
  return sql.length;
}

function endAfter(sql: string, quote: string, start: number): number {
  const end = sql.indexOf(quote, start);
  return end === -1 ? sql.length : end + quote.length;
}
