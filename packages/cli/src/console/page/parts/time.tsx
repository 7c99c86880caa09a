import type { ConsoleRun } from "../../contract.js";
import { formatDateTime, formatDuration, formatRelative } from "../format.js";
import { useNow } from "../use-now.js";

/** A moment, as far away as it is now. */
export function RelativeTime({ at }: { at: string }) {
  const now = useNow(5000);
  return (
    <time dateTime={at} title={formatDateTime(at)}>
      {formatRelative(Date.parse(at), now)}
    </time>
  );
}

/** How long a run took; counts on while it is at work. */
export function RunDuration({ run }: { run: ConsoleRun }) {
  const moving = run.startedAt !== null && run.finishedAt === null;
  const now = useNow(moving ? 200 : null);
  if (run.startedAt === null) return <span class="quiet">–</span>;
  const elapsed = moving ? Math.max(run.durationMs, now - Date.parse(run.startedAt)) : run.durationMs;
  return <span class="number">{formatDuration(elapsed)}</span>;
}
