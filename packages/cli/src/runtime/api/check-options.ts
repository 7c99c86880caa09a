import { parseNaturalLanguageDuration } from "@trigger.dev/core/v3/isomorphic";
import { mostTags } from "../runs/change.js";
import type { TriggerRequestOptions } from "../runs/row.js";
import { ApiFailure } from "./failure.js";

/** Options of a trigger request that change what happens and that this runtime doesn't have: taken silently, they would mislead. */
const missing = ["gates", "concurrency"];

/** Bytes of metadata that a run may be triggered with, as on the platform. */
const largestMetadata = 256 * 1024;

/** Refuses options that can't be honoured. */
export function checkOptions(options: (TriggerRequestOptions & Record<string, unknown>) | undefined): void {
  const name = missing.find((one) => options?.[one] !== undefined);
  if (name !== undefined) {
    throw new ApiFailure(
      422,
      `The local runtime has no option ${JSON.stringify(name)}; see docs/fidelity.md.`,
    );
  }
  const count = [options?.tags ?? []].flat().length;
  if (count > mostTags) {
    throw new ApiFailure(422, `Runs can only have ${mostTags} tags, you're trying to set ${count}.`);
  }
  const { metadata } = options ?? {};
  const text = typeof metadata === "string" ? metadata : JSON.stringify(metadata ?? null);
  if (Buffer.byteLength(text) > largestMetadata) {
    throw new ApiFailure(413, `Metadata exceeds maximum size of ${largestMetadata} bytes`);
  }
  const { delay, maxDelay } = options?.debounce ?? {};
  for (const duration of [delay, maxDelay]) {
    if (duration !== undefined && !parseNaturalLanguageDuration(duration)) {
      throw new ApiFailure(
        400,
        `Invalid debounce ${JSON.stringify(duration)}: give a duration such as "5s" or "1h30m".`,
      );
    }
  }
}
