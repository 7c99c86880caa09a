/** Escapes that are JSON and that Postgres keeps in no text: NUL, and halves of surrogate pairs. */
const unkept = /(?<!\\)((?:\\\\)*)\\u(?:0000|d[89a-f][0-9a-f]{2})/g;

/** JSON that Postgres takes, whatever text is in it. What it can't keep becomes the replacement character. */
export function toKeptJson(value: unknown): string {
  // JSON.stringify writes pairs as they are: an escaped surrogate is a half.
  return JSON.stringify(value).replace(unkept, "$1\\ufffd");
}
