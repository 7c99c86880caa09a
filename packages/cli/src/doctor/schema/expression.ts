/** A call inside a policy's expression, as Postgres writes it. */
export interface Call {
  text: string;
  start: number;
  end: number;
  /** Whether it is the whole of a `( SELECT …)` without FROM, which Postgres evaluates once for each statement. */
  wrapped: boolean;
}

const callees = /\b(?:auth\.(?:uid|jwt|role|email)|current_setting|behalf\.\w+)\(/g;

/** Finds the calls that say who asks: `auth.uid()` and its like, `current_setting(…)`, `behalf.…()`. */
export function findCalls(expression: string): Call[] {
  const blank = blankStrings(expression);
  return [...blank.matchAll(callees)].flatMap(({ index, 0: head }) => {
    const end = closing(blank, index + head.length - 1) + 1;
    if (!areConstant(blank.slice(index + head.length, end - 1))) return [];
    return [{ text: expression.slice(index, end), start: index, end, wrapped: isWrapped(blank, index) }];
  });
}

// What is called with a column has to be called for each row, wrapped or not.
function areConstant(args: string): boolean {
  return /^[\s,]*$/.test(args.replaceAll(/::[\w. ]+(?:\[\])?|\b(?:true|false|null|\d+)\b/gi, ""));
}

/** Wraps each unwrapped call as `(select …)`. What the expression means stays the same: the functions are stable. */
export function wrapCalls(expression: string): string {
  return findCalls(expression)
    .filter(({ wrapped }) => !wrapped)
    .reverse()
    .reduce(
      (text, { start, end, text: call }) => `${text.slice(0, start)}(select ${call})${text.slice(end)}`,
      expression,
    );
}

/** The expression's parts joined by AND on the outermost level. */
export function splitConjuncts(expression: string): string[] {
  const inner = unwrap(expression.trim());
  const blank = blankStrings(inner);
  const parts: string[] = [];
  let depth = 0;
  let start = 0;
  for (let index = 0; index < blank.length; index++) {
    if (blank[index] === "(") depth++;
    else if (blank[index] === ")") depth--;
    else if (
      depth === 0 &&
      blank.startsWith(" AND ", index) &&
      !/\bBETWEEN\b[^()]*$/.test(blank.slice(start, index))
    ) {
      parts.push(inner.slice(start, index));
      start = index + 5;
    }
  }
  parts.push(inner.slice(start));
  return parts.length === 1 ? [inner] : parts.flatMap(splitConjuncts);
}

/** Without parentheses around the whole. */
function unwrap(text: string): string {
  const blank = blankStrings(text);
  return blank.startsWith("(") && closing(blank, 0) === blank.length - 1
    ? unwrap(text.slice(1, -1).trim())
    : text;
}

/** The same text with string literals and quoted names filled with spaces, so that nothing in them is taken for syntax. */
function blankStrings(text: string): string {
  return text.replaceAll(/'(?:[^']|'')*'|"(?:[^"]|"")*"/g, (literal) => " ".repeat(literal.length));
}

/** Where the parenthesis that opens at `open` closes. */
function closing(blank: string, open: number): number {
  let depth = 0;
  for (let index = open; index < blank.length; index++) {
    if (blank[index] === "(") depth++;
    else if (blank[index] === ")" && --depth === 0) return index;
  }
  return blank.length - 1;
}

// The innermost parentheses around it that hold a SELECT decide: with FROM, the call is made for each row of that.
function isWrapped(blank: string, index: number): boolean {
  let depth = 0;
  for (let at = index - 1; at >= 0; at--) {
    if (blank[at] === ")") depth++;
    else if (blank[at] === "(" && depth > 0) depth--;
    else if (blank[at] === "(" && /^\(\s*SELECT\b/i.test(blank.slice(at)))
      return !/\bFROM\b/i.test(topLevel(blank.slice(at + 1, closing(blank, at))));
  }
  return false;
}

function topLevel(blank: string): string {
  let depth = 0;
  return [...blank]
    .map((char) => {
      if (char === "(") depth++;
      else if (char === ")") depth--;
      return depth > 0 ? " " : char;
    })
    .join("");
}
