import { ApiFailure } from "./failure.js";

/** Options of a trigger request that change what happens and that this runtime doesn't have: taken silently, they would mislead. */
const missing = ["debounce", "gates", "concurrency"];

export function refuseOptions(options: object | undefined): void {
  const name = missing.find((one) => (options as Record<string, unknown> | undefined)?.[one] !== undefined);
  if (name !== undefined) {
    throw new ApiFailure(
      422,
      `The local runtime has no option ${JSON.stringify(name)}; see docs/fidelity.md.`,
    );
  }
}
