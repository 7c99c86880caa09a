/**
 * The lines of a request body as they arrive, `most` at a time at the most: a batch may be larger than one wants in memory. `eager`
 * gives what is there instead of waiting for `most` to come together.
 */
export async function* readLines(
  body: ReadableStream<Uint8Array> | null,
  most: number,
  eager = false,
): AsyncGenerator<string[]> {
  const decoder = new TextDecoder();
  let rest = "";
  const lines: string[] = [];
  for await (const bytes of body ?? []) {
    const parts = (rest + decoder.decode(bytes, { stream: true })).split("\n");
    rest = parts.pop() ?? "";
    lines.push(...parts.filter((line) => line.trim() !== ""));
    while (lines.length >= (eager ? 1 : most)) yield lines.splice(0, most);
  }
  rest += decoder.decode();
  if (rest.trim() !== "") lines.push(rest);
  if (lines.length > 0) yield lines;
}
