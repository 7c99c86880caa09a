/** An error's message and, where its stack names the file, the line. The process runs with source maps, so lines are the source's. */
export function locateError(error: unknown, file: string): { message: string; line?: number } {
  if (!(error instanceof Error)) return { message: String(error) };
  const frames = (error.stack ?? "").replaceAll("\\", "/").split("\n");
  for (const frame of frames) {
    const found = /([^\s(]+):(\d+):\d+\)?$/.exec(frame);
    if (found?.[1]?.endsWith(file)) return { message: error.message, line: Number(found[2]) };
  }
  return { message: error.message };
}
