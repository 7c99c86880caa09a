/**
 * Why a request got no answer: the system's code, such as `ECONNREFUSED`, or else the error's name. Never its message,
 * which may quote what was asked for.
 */
export function failureReason(error: unknown): string {
  if (!(error instanceof Error)) return typeof error;
  const { code } = (error.cause ?? error) as { code?: unknown };
  return typeof code === "string" && /^[A-Z][A-Z0-9_]+$/.test(code) ? code : error.name;
}
