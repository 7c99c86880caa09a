/** What an attempt came to: an answer, or that another attempt may help, and how soon. */
export type Attempt<T> =
  | { readonly done: T }
  | { readonly failure: Error; readonly retryAfter?: number | undefined };

const attempts = 5;
const first = 250;
const longest = 10_000;

/**
 * Tries until done, waiting longer each time, with jitter: workers that failed together don't come back together.
 *
 * @throws the last failure.
 */
export async function retry<T>(
  attempt: () => Promise<Attempt<T>>,
  wait: (milliseconds: number) => Promise<void> = sleep,
): Promise<T> {
  for (let number = 1; ; number++) {
    const result = await attempt();
    if ("done" in result) return result.done;
    if (number === attempts) throw result.failure;
    const backoff = first * 2 ** (number - 1) * (0.5 + Math.random());
    await wait(Math.min(longest, Math.max(backoff, result.retryAfter ?? 0)));
  }
}

function sleep(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
